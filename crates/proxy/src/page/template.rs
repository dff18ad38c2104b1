//! Pages with places for words: `{{host}}`.

/// The words for one page; what is not there is empty.
#[derive(Clone, Debug)]
pub(super) struct Filling<'r> {
    pub(super) host: &'r str,
    pub(super) status: u16,
    /// `Service Unavailable`
    pub(super) title: &'r str,
    /// A sentence or two for people.
    pub(super) message: &'r str,
    /// `stopped 3 minutes ago, exit code 137`
    pub(super) reason: &'r str,
    pub(super) container: Option<&'r str>,
    /// A browser shall look again by itself after so many seconds.
    pub(super) refresh: Option<u32>,
}

impl Filling<'_> {
    /// `template` with all its places filled. What is in braces and no place of ours stays as it is.
    pub(super) fn fill(&self, template: &str) -> String {
        let mut page = String::with_capacity(template.len() + 256);
        let mut rest = template;
        while let Some((before, inside)) = rest.split_once("{{") {
            page.push_str(before);
            let filled = inside.split_once("}}").and_then(|(name, after)| Some((self.word(name.trim())?, after)));
            match filled {
                Some((word, after)) => {
                    page.push_str(&word);
                    rest = after;
                }
                None => {
                    page.push_str("{{");
                    rest = inside;
                }
            }
        }
        page.push_str(rest);
        page
    }

    /// What stands for a name, safe in HTML.
    fn word(&self, name: &str) -> Option<String> {
        Some(match name {
            "host" => escape_html(self.host),
            "status" => self.status.to_string(),
            "title" => escape_html(self.title),
            "message" => escape_html(self.message),
            "reason" => escape_html(self.reason),
            "container" => escape_html(self.container.unwrap_or_default()),
            "refresh" => self.refresh.map_or_else(String::new, |seconds| format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">")),
            _ => return None,
        })
    }
}

/// `text` as it stands in HTML, in attributes too.
pub(super) fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_and_nothing_else_is_touched() {
        let filling = Filling {
            host: "<b>&'\"",
            status: 503,
            title: "Service Unavailable",
            message: "{{status}}",
            reason: "paused",
            container: None,
            refresh: Some(5),
        };
        let check = |template: &str, expected: &str| assert_eq!(filling.fill(template), expected);
        check("{{host}}", "&lt;b&gt;&amp;&#39;&quot;");
        check("{{status}} {{ title }}", "503 Service Unavailable");
        check("{{message}}", "{{status}}");
        check("[{{container}}]{{reason}}", "[]paused");
        check("{{refresh}}", "<meta http-equiv=\"refresh\" content=\"5\">");
        check("a{b}c {{nothing}} {{host", "a{b}c {{nothing}} {{host");
        check("{{{{status}}}}", "{{503}}");
        check("", "");
    }
}
