//! The way of a request, as people read it.

use super::{Column, LEFT, RIGHT, Width, clean, columns, load, url};
use crate::{BackendRow, ExplainedRoute, Explanation};

const BACKENDS: [Column; 6] =
    [("BACKEND", LEFT), ("PORT", RIGHT), ("ADDRESS", LEFT), ("CONDITION", LEFT), ("REQUESTS", RIGHT), ("LAST ERROR", LEFT)];
const ROUTES: [Column; 4] = [("", LEFT), ("ROUTE", LEFT), ("OWNER", LEFT), ("WHY", LEFT)];

/// The verdict, what is done on the way, who may get it, and every route with its reason.
pub(super) fn render(explanation: &Explanation, width: Width) -> String {
    let heads = [clean(&explanation.verdict), clean(&format!("{} at {}", explanation.url, explanation.listener))];
    let steps = explanation.steps.iter().map(|step| format!("  {}", clean(step)));
    let backends = columns(&BACKENDS, explanation.backends.iter().map(backend), width);
    let routes = columns(&ROUTES, explanation.routes.iter().map(route), width);
    let backends = (!explanation.backends.is_empty()).then(|| format!("\n{backends}"));
    let routes = (!explanation.routes.is_empty()).then(|| format!("\n{routes}"));
    heads.into_iter().chain(steps).chain(backends).chain(routes).collect::<Vec<_>>().join("\n")
}

fn backend(row: &BackendRow) -> [String; 6] {
    let last_error = row.last_error.clone().unwrap_or_else(|| "-".to_owned());
    [row.name.clone(), row.port.to_string(), row.address.clone(), row.condition.clone(), load(row), last_error]
}

fn route(row: &ExplainedRoute) -> [String; 4] {
    let mark = if row.chosen { "*" } else { "" };
    [mark.to_owned(), url(&row.route), row.route.owner.clone(), row.why.clone()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RouteRow;

    #[test]
    fn the_chosen_route_is_marked_and_every_loser_says_why() {
        let route = |host: &str, chosen, why: &str| ExplainedRoute {
            route: RouteRow { host: host.to_owned(), path: "/".to_owned(), owner: "container web1".to_owned(), ..RouteRow::default() },
            chosen,
            why: why.to_owned(),
        };
        let backend = BackendRow {
            name: "web1".to_owned(),
            port: 80,
            address: "172.17.0.2:80".to_owned(),
            condition: "ejected".to_owned(),
            requests: Some(3),
            max_requests: Some(20),
            last_error: Some("no answer in time".to_owned()),
            ..BackendRow::default()
        };
        let explanation = Explanation {
            url: "http://shop.test/".to_owned(),
            listener: "http:80".to_owned(),
            verdict: "served by shop/web".to_owned(),
            steps: vec!["strip /api: the backend gets /".to_owned()],
            backends: vec![backend],
            routes: vec![route("shop.test", true, "the nearest"), route("*.test", false, "a wider\u{1b} host")],
            ..Explanation::default()
        };
        let expected = "served by shop/web\nhttp://shop.test/ at http:80\n  strip /api: the backend gets /\n\n\
                        BACKEND  PORT  ADDRESS        CONDITION  REQUESTS  LAST ERROR\n\
                        web1       80  172.17.0.2:80  ejected     3 of 20  no answer in time\n\n   \
                        ROUTE       OWNER           WHY\n\
                        *  shop.test/  container web1  the nearest\n   \
                        *.test/     container web1  a wider\u{fffd} host";
        assert_eq!(render(&explanation, Width::Free), expected);
    }
}
