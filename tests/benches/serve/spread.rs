//! Figures of several rounds, and how they are written.

/// The median of some rounds, and between which figures half of them lie.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Spread {
    pub(crate) fn of(mut figures: Vec<f64>) -> Spread {
        figures.sort_by(f64::total_cmp);
        let at = |quarter: usize| {
            let place = figures.len().saturating_sub(1) * quarter / 4;
            figures.get(place).copied().unwrap_or(f64::NAN)
        };
        Spread {
            median: at(2),
            low: at(1),
            high: at(3),
        }
    }
}

/// The median, and the spread behind it.
pub(crate) fn shown(spread: Option<Spread>) -> String {
    spread.map_or_else(String::new, |spread| {
        let Spread { median, low, high } = spread;
        format!("{median:.2} ({low:.2} to {high:.2})")
    })
}

/// A whole number with its thousands apart.
pub(crate) fn thousands(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
