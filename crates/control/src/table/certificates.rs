//! Certificates, as people read them.

use super::{Column, LEFT, RIGHT, list};
use crate::{CertificateRow, CertificatesRow};

pub(super) const COLUMNS: [Column; 8] = [
    ("FILE", LEFT),
    ("NAMES", LEFT),
    ("STATE", LEFT),
    ("DAYS", RIGHT),
    ("UNTIL", LEFT),
    ("KEY", LEFT),
    ("ISSUER", LEFT),
    ("PROBLEMS", LEFT),
];

pub(super) fn row(row: &CertificateRow) -> [String; 8] {
    let mut names = row.names.clone();
    names.extend(row.default.then(|| "(default)".to_owned()));
    let known = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    [
        row.file.clone(),
        list(&names),
        row.state.clone(),
        row.days_left.map_or_else(|| "-".to_owned(), |days| days.to_string()),
        known(row.ends.as_deref().and_then(|ends| ends.split('T').next()).unwrap_or_default()),
        known(&row.key),
        known(&row.issuer),
        list(&row.problems),
    ]
}

/// What a status says of them; nothing without any.
pub(super) fn fact(row: &CertificatesRow) -> Option<(&'static str, String)> {
    let (file, days) = (row.next.as_ref()?, row.days_left?);
    let end = match days {
        ..0 => format!("{file} has expired"),
        _ => format!("the first to expire is {file} in {days} days"),
    };
    Some(("certificates", format!("{}, {end}", row.count)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_a_line() {
        let good = CertificateRow {
            file: "default.crt".to_owned(),
            source: "file".to_owned(),
            names: vec!["*.a.test".to_owned(), "a.test".to_owned()],
            default: true,
            issuer: "Let's Encrypt R3".to_owned(),
            key: "RSA 2048".to_owned(),
            state: "expires soon".to_owned(),
            begins: Some("2026-01-02T03:04:05Z".to_owned()),
            ends: Some("2026-04-02T03:04:05Z".to_owned()),
            days_left: Some(5),
            problems: vec!["it expires in 5 days; renew it".to_owned()],
        };
        let cells = row(&good);
        assert_eq!(cells[..4], ["default.crt", "*.a.test, a.test, (default)", "expires soon", "5"]);
        assert_eq!(cells[4..], ["2026-04-02", "RSA 2048", "Let's Encrypt R3", "it expires in 5 days; renew it"]);
        let bad = CertificateRow { file: "b.key".to_owned(), state: "unusable".to_owned(), ..CertificateRow::default() };
        assert_eq!(row(&bad), ["b.key", "-", "unusable", "-", "-", "-", "-", "-"]);
    }

    #[test]
    fn a_status_tells_which_one_ends_first() {
        let told = |days| {
            let row = CertificatesRow { count: 2, next: Some("a.crt".to_owned()), days_left: Some(days) };
            fact(&row).unwrap().1
        };
        assert_eq!(told(30), "2, the first to expire is a.crt in 30 days");
        assert_eq!(told(-1), "2, a.crt has expired");
        assert_eq!(fact(&CertificatesRow::default()), None);
    }
}
