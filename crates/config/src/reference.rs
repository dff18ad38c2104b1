//! The reference: every setting, as a commented file and as a table.
//!
//! `etc/docker-proxy.yaml` and the table of the README are made here; tests
//! hold them fresh.

use std::fmt::Write as _;

use crate::settings::{DefaultValue, Kind, SETTINGS, Setting};

/// The widest line of a comment.
const WIDTH: usize = 100;

const HEAD: &str = "\
# The configuration of dproxy: every key there is, commented out, with its default.
#
# A flag wins over the environment, the environment over this file, this file over the default.
# A value may name the environment: ${NAME} must be set, ${NAME:-default} need not; $${ is a plain ${.
# `dproxy master --check` says what is wrong with a file. A running master reads it again when it changes.
# Made by `dproxy config reference`.
";

const ROUTES: &str = "
# Routes that no container stands behind. Host names may begin with `*.` for every name below,
# or be `*` for all; `path` is a prefix that ends at a `/`, and is `/` when it is not there. A backend is
# an IP address and a port; several share the requests.
#routes:
#  - host: shop.example.com
#    path: /
#    backends: [\"10.0.0.5:8080\", \"10.0.0.6:8080\"]
#  - hosts: [example.org, \"*.example.org\"]
#    backends: http://10.0.0.7:9000
#    balance: least_conn                 # these four as the labels dproxy.balance, dproxy.weight, dproxy.sticky
#    weight: 3                           # and dproxy.check.path of a container; the dots of the others become `_`, too
#    sticky: true
#    check_path: /health
#    access_log: off                     # as the label dproxy.access_log
";

const ENDPOINTS: &str = "
#  # Several engines, in the place of `endpoint`: each an endpoint alone, or with what else is known of it.
#  # `address` is where its published ports are reached; `cert_path`, as above, makes it TLS.
#  # endpoints:
#  #   - unix:///var/run/docker.sock
#  #   - endpoint: tcp://10.0.0.5:2376
#  #     name: east
#  #     address: 10.0.0.5
#  #     cert_path: /etc/docker-proxy/east
#  #     container_addresses: false
";

/// The last setting of its section; the list of engines follows it.
pub(crate) const BEFORE_ENDPOINTS: &str = "docker-dialects";

/// The file `etc/docker-proxy.yaml`.
#[must_use]
pub fn yaml() -> String {
    let mut text = HEAD.to_owned();
    let mut last = None;
    for (setting, key) in SETTINGS.iter().filter_map(|setting| Some((setting, setting.key?))) {
        let (section, name) = key.split_once('.').map_or((None, key), |(section, name)| (Some(section), name));
        text.push('\n');
        if let Some(section) = section.filter(|section| last != Some(*section)) {
            text.push_str(&format!("#{section}:\n"));
        }
        last = section;
        // A comment inside a section is one already when the section's keys are not commented out any more.
        let (margin, indent) = if section.is_some() { ("#  #", "  ") } else { ("#", "") };
        for line in wrap(&comment(setting), WIDTH) {
            text.push_str(&format!("{margin} {line}\n"));
        }
        text.push_str(format!("#{indent}{name}: {}", written_default(setting)).trim_end());
        text.push('\n');
        if setting.flag == BEFORE_ENDPOINTS {
            text.push_str(ENDPOINTS);
        }
    }
    text.push_str(ROUTES);
    text
}

/// The table of the README, in Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut text = "| Key | Flag | Environment | Default | What it is |\n|---|---|---|---|---|\n".to_owned();
    for setting in SETTINGS {
        let key = setting.key.map_or_else(|| "–".to_owned(), |key| format!("`{key}`"));
        let default = match setting.default {
            DefaultValue::Text("") => "–".to_owned(),
            DefaultValue::Text(text) => format!("`{text}`"),
            DefaultValue::Depends(words) => words.to_owned(),
        };
        let (flag, environment) = (flag(setting), environment(setting));
        writeln!(text, "| {key} | `{flag}` | {environment} | {default} | {} |", setting.help).expect("a String takes everything");
    }
    text
}

fn comment(setting: &Setting) -> String {
    let default = match setting.default {
        DefaultValue::Text(_) => String::new(),
        DefaultValue::Depends(words) => format!(" Default: {words}."),
    };
    format!("{}{default} Flag `--{}`, environment {}.", setting.help, setting.flag, environment(setting))
}

fn flag(setting: &Setting) -> String {
    match setting.kind {
        Kind::One(value) => format!("--{} {value}", setting.flag),
        Kind::List(value) => format!("--{} {value},…", setting.flag),
        Kind::Switch => format!("--{}", setting.flag),
    }
}

fn environment(setting: &Setting) -> String {
    let names: Vec<String> = setting.environment.iter().map(|variable| format!("`{}`", variable.name)).collect();
    names.join(", else ")
}

/// The default as the file writes it; nothing where it depends.
fn written_default(setting: &Setting) -> String {
    match (setting.default, setting.kind) {
        (DefaultValue::Depends(_), _) => String::new(),
        (DefaultValue::Text(text), Kind::One(_) | Kind::Switch) => text.to_owned(),
        (DefaultValue::Text(text), Kind::List(_)) => {
            let items: Vec<String> =
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(|item| format!("\"{item}\"")).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests;
