//! The figures as pictures: bars, and on each a line for the middle half of the rounds.
//!
//! Plain SVG that follows the reader's colours, light or dark, and says in words what it shows.

use crate::contender::Kind;
use crate::machine;
use crate::round::{Results, Spread};
use crate::spread::thousands;
use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
/// Where bars begin, and how long the longest may be.
const LEFT: f64 = 250.0;
const LONGEST: f64 = 380.0;
const ROW: f64 = 26.0;
const BAR: f64 = 16.0;
const TOP: f64 = 40.0;

struct Bar {
    name: String,
    spread: Spread,
    text: String,
    /// Its colour, as a class.
    class: &'static str,
}

/// Requests a second of every rung.
pub(crate) fn ladder(results: &Results<'_>) -> String {
    let bar = |row: &crate::round::Row| Bar {
        name: match row.kind {
            Kind::Ours => "epoll".to_owned(),
            Kind::Rung | Kind::Other | Kind::Bare => row.name.clone(),
        },
        spread: row.rate(),
        text: thousands(row.rate().median),
        class: match row.kind {
            Kind::Ours | Kind::Rung => "ours",
            Kind::Other | Kind::Bare => "other",
        },
    };
    let bars: Vec<Bar> = results.rows.iter().map(bar).collect();
    let title = format!("Requests a second: {}", results.scenario.title);
    draw(&title, &bars, None)
}

/// Our requests a second beside nginx's, in every scenario that has a target.
pub(crate) fn ratios(results: &[Results<'_>]) -> String {
    let bar = |results: &Results<'_>| {
        results.scenario.rate?;
        let spread = results.rate_ratio()?;
        Some(Bar {
            name: results.scenario.title.to_owned(),
            spread,
            text: format!("{:.2}", spread.median),
            class: "ours",
        })
    };
    let bars: Vec<Bar> = results.iter().filter_map(bar).collect();
    // One row goes beyond all others, and would make them look alike.
    let most = 3.0;
    draw("Our requests a second ÷ nginx's", &bars, Some(most))
}

fn draw(title: &str, bars: &[Bar], most: Option<f64>) -> String {
    let longest = bars.iter().map(|bar| bar.spread.high).fold(0.0, f64::max);
    let scale = LONGEST
        / most
            .map_or(longest, |most| most.min(longest))
            .max(f64::MIN_POSITIVE);
    let rows: f64 = bars.iter().map(|_| ROW).sum();
    let height = TOP + rows + 28.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<title>{title}</title>\n<style>\n\
         text {{ fill: currentColor }} .ours {{ fill: #2a6fbb }} .other {{ fill: #999 }}\n\
         line {{ stroke: currentColor }}\n</style>\n<text x=\"8\" y=\"20\" font-weight=\"bold\">{title}</text>\n"
    );
    let mut y = TOP;
    for bar in bars {
        svg += &draw_bar(bar, y, scale);
        y += ROW;
    }
    if most.is_some() {
        let x = LEFT + scale;
        writeln!(
            svg,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{y}\" stroke-dasharray=\"4 3\"/>"
        )
        .expect("a string takes everything");
    }
    let note = machine::describe();
    write!(
        svg,
        "<text x=\"8\" y=\"{}\" font-size=\"11\">{note}</text>\n</svg>\n",
        y + 18.0
    )
    .expect("a string takes everything");
    svg
}

fn draw_bar(bar: &Bar, y: f64, scale: f64) -> String {
    let x = |figure: f64| LEFT + (figure * scale).min(LONGEST);
    let middle = y + BAR / 2.0;
    let Bar {
        name,
        text,
        class,
        spread,
    } = bar;
    format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>\
         <rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"{BAR}\"/>\
         <line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{middle}\" y2=\"{middle}\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\">{text}</text>\n",
        LEFT - 8.0,
        y + 13.0,
        x(spread.median) - LEFT,
        x(spread.low),
        x(spread.high),
        x(spread.high).max(x(spread.median)) + 8.0,
        y + 13.0,
    )
}
