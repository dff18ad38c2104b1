//! The judgement on a container, as people read it.

use super::clean;
use crate::{ReasonRow, Why};

/// The verdict, who it is about, and a line for each reason; `!` stands before what hinders.
pub(super) fn render(why: &Why) -> String {
    let container = &why.container;
    let engine = container.engine.as_ref().map(|engine| format!(" on {engine}")).unwrap_or_default();
    let about = format!("container {}{engine}, {}, {}", container.id, container.state, container.image);
    let width = why.reasons.iter().map(|reason| reason.about.chars().count()).max().unwrap_or_default();
    let line = |reason: &ReasonRow| {
        let mark = if reason.hinders { '!' } else { ' ' };
        format!("{mark} {:<width$}  {}", clean(&reason.about), clean(&reason.text))
    };
    let heads = [clean(&why.verdict()), clean(&about)];
    heads.into_iter().chain(why.reasons.iter().map(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ContainerRow, Standing};

    #[test]
    fn what_hinders_is_marked() {
        let reason = |about: &str, text: &str, hinders| ReasonRow { about: about.to_owned(), text: text.to_owned(), hinders };
        let container = ContainerRow {
            id: "0123456789ab".to_owned(),
            name: "web1".to_owned(),
            image: "nginx:1".to_owned(),
            state: "running".to_owned(),
            hosts: vec!["shop.test".to_owned()],
            ..ContainerRow::default()
        };
        let reasons = vec![reason("state", "running", false), reason("address", "none\u{1b}[2J", true)];
        let mut why = Why { container, standing: Standing::Routed, reasons };
        assert_eq!(
            render(&why),
            "web1 is routed: shop.test\ncontainer 0123456789ab, running, nginx:1\n  state    running\n! address  none\u{fffd}[2J"
        );
        why.container.engine = Some("east".to_owned());
        why.standing = Standing::NotRouted;
        assert!(render(&why).starts_with("web1 is not routed\ncontainer 0123456789ab on east, running, nginx:1\n"), "{}", render(&why));
    }
}
