//! Clients that show a certificate: who vouches for them, and what becomes of the others.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// What one host wants to know of its clients.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct ClientAuth {
    /// The file of the authority that vouches for them, in the directory of certificates.
    pub authority: String,
    /// What becomes of those that show no certificate.
    pub demand: Demand,
}

/// What becomes of clients that show no certificate. Whoever shows a bad one is never let in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum Demand {
    /// They are not let in.
    #[default]
    Required,
    /// They are let in as nobody in particular.
    Optional,
}

/// What a handshake for a name asks for: what all that is served under the name wants to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Admission {
    /// Any of these may vouch for the client.
    pub authorities: BTreeSet<String>,
    /// Of a client that nobody vouches for.
    pub demand: Demand,
}

/// Why a text says nothing of clients without a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `required` nor `optional`")]
pub struct DemandError(String);

impl Admission {
    /// What is asked for where some of what a name serves wants to know its clients; nothing if none of it does.
    pub(crate) fn of<'a>(wishes: impl Iterator<Item = Option<&'a ClientAuth>>) -> Option<Admission> {
        let mut admission = Admission::default();
        for wish in wishes {
            match wish {
                Some(wish) => {
                    admission.authorities.insert(wish.authority.clone());
                    admission.demand = admission.demand.max(wish.demand);
                }
                // Others may come in here: who has to show a certificate is told when it is clear what is asked for.
                None => admission.demand = Demand::Optional,
            }
        }
        (!admission.authorities.is_empty()).then_some(admission)
    }
}

impl fmt::Display for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let must = match self.demand {
            Demand::Required => "must",
            Demand::Optional => "may",
        };
        write!(f, "clients {must} show a certificate of {}", self.authority)
    }
}

impl FromStr for Demand {
    type Err = DemandError;

    fn from_str(text: &str) -> Result<Demand, DemandError> {
        match text.to_ascii_lowercase().as_str() {
            "required" | "require" => Ok(Demand::Required),
            "optional" => Ok(Demand::Optional),
            _ => Err(DemandError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `wishes` are `authority` or `authority?`, with `-` for what wants to know nothing.
    #[track_caller]
    fn check(wishes: &str, expected: &str) {
        let wishes: Vec<Option<ClientAuth>> = wishes.split_whitespace().map(|wish| (wish != "-").then(|| wish.into())).collect();
        let shown = Admission::of(wishes.iter().map(Option::as_ref)).map_or("-".to_owned(), |admission| {
            let authorities: Vec<String> = admission.authorities.into_iter().collect();
            format!("{}{}", authorities.join("+"), if admission.demand == Demand::Optional { "?" } else { "" })
        });
        assert_eq!(shown, expected);
    }

    impl From<&str> for ClientAuth {
        fn from(text: &str) -> ClientAuth {
            let demand = if text.ends_with('?') { Demand::Optional } else { Demand::Required };
            ClientAuth { authority: text.trim_end_matches('?').to_owned(), demand }
        }
    }

    #[test]
    fn a_handshake_asks_for_what_all_of_a_name_wants_to_know() {
        check("", "-");
        check("- -", "-");
        check("a a", "a");
        check("a b", "a+b");
        check("a -", "a?");
        check("- a?", "a?");
        check("a b?", "a+b?");
    }

    #[test]
    fn a_demand_is_one_of_two_words() {
        assert_eq!("Required".parse(), Ok(Demand::Required));
        assert_eq!("optional".parse(), Ok(Demand::Optional));
        assert_eq!("maybe".parse::<Demand>().unwrap_err().to_string(), "`maybe` is neither `required` nor `optional`");
    }
}
