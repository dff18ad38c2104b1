//! Which rows of a list are asked for, as the API reads it.

/// All of them, unless something else is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Only those of which this is true: `state=online`.
    pub filter: Option<String>,
    /// In the order of these fields.
    pub sort: Option<String>,
    /// At most so many.
    pub limit: Option<u32>,
    /// Without the first so many.
    pub skip: Option<u32>,
}

impl Rows {
    /// `path`, with what is said behind it.
    pub(super) fn of(&self, path: String) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.filter.iter().map(|filter| ("where", filter)));
        query.extend_pairs(self.sort.iter().map(|sort| ("sort", sort)));
        query.extend_pairs(self.limit.iter().map(|limit| ("limit", limit.to_string())));
        query.extend_pairs(self.skip.iter().map(|skip| ("skip", skip.to_string())));
        let query = query.finish();
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_asked_for() {
        let path = |rows: &Rows| rows.of("/routes".to_owned());
        assert_eq!(path(&Rows::default()), "/routes");
        let rows = Rows { filter: Some("host=a&b".to_owned()), sort: Some("-host".to_owned()), limit: Some(2), skip: Some(1) };
        assert_eq!(path(&rows), "/routes?where=host%3Da%26b&sort=-host&limit=2&skip=1");
    }
}
