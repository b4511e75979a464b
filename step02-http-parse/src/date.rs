//! Dates as HTTP writes them (RFC 9110 §5.6.7).
//!
//! ```text
//!   Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate: the one form that is written
//!   Sunday, 06-Nov-94 08:49:37 GMT    RFC 850: read
//!   Sun Nov  6 08:49:37 1994          asctime: read
//! ```
//!
//! No clock is read: the time comes from the caller, and a year of two digits is read without
//! knowing the present one (see [`HttpDate::parse`]).

/// A point in time as HTTP writes it: whole seconds since 1970.
///
/// ```
/// use http_parse::HttpDate;
///
/// let date = HttpDate::parse(b"Sun Nov  6 08:49:37 1994").expect("a valid date");
/// assert_eq!(date.seconds, 784_111_777);
/// assert_eq!(&date.format(), b"Sun, 06 Nov 1994 08:49:37 GMT");
/// ```
///
/// Source: RFC 9110 §5.6.7
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpDate {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: u64,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// 9999-12-31T23:59:59Z: no form has room for a later year.
const LAST: u64 = 253_402_300_799;

/// From Thursday, as 1970 began with one.
const WEEKDAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl HttpDate {
    /// Writes it as `Sun, 06 Nov 1994 08:49:37 GMT`, 29 octets. Beyond the year 9999 it is the
    /// last second of that year.
    pub fn format(self) -> [u8; 29] {
        let seconds = self.seconds.min(LAST);
        let days = seconds / DAY;
        let (year, month, day) = date_of(days);
        let mut text = *b"Www, 00 Mmm 0000 00:00:00 GMT";
        text[0..3].copy_from_slice(&weekday(days).as_bytes()[..3]);
        digits(&mut text[5..7], day);
        text[8..11].copy_from_slice(month_name(month).as_bytes());
        digits(&mut text[12..16], year);
        digits(&mut text[17..19], seconds % DAY / HOUR);
        digits(&mut text[20..22], seconds % HOUR / MINUTE);
        digits(&mut text[23..25], seconds % MINUTE);
        text
    }

    /// Reads any of the three forms; `None` for anything else, for a day that does not exist, and
    /// for a time before 1970. The name of the weekday must be one, and is not compared with the
    /// date.
    ///
    /// A year of two digits means 1970 to 2069: without a clock "not more than 50 years in the
    /// future" cannot be computed, and this agrees with it for all times a server will see.
    pub fn parse(text: &[u8]) -> Option<HttpDate> {
        let (name, rest) =
            text.split_at_checked(text.iter().position(|byte| !byte.is_ascii_alphabetic())?)?;
        let is_short = WEEKDAYS
            .iter()
            .any(|weekday| &weekday.as_bytes()[..3] == name);
        let is_long = WEEKDAYS.iter().any(|weekday| weekday.as_bytes() == name);
        match rest {
            [b',', b' ', rest @ ..] if is_short => imf_fixdate(rest),
            [b',', b' ', rest @ ..] if is_long => rfc850(rest),
            [b' ', rest @ ..] if is_short => asctime(rest),
            _ => None,
        }
    }
}

/// `06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(text: &[u8]) -> Option<HttpDate> {
    let (date, time) = text.strip_suffix(b" GMT")?.split_last_chunk()?;
    let [d1, d2, b' ', name @ .., b' ', y1, y2, y3, y4] = date else {
        return None;
    };
    let year = number(&[*y1, *y2, *y3, *y4])?;
    assemble(year, month(name)?, number(&[*d1, *d2])?, time)
}

/// `06-Nov-94 08:49:37 GMT`
fn rfc850(text: &[u8]) -> Option<HttpDate> {
    let (date, time) = text.strip_suffix(b" GMT")?.split_last_chunk()?;
    let [d1, d2, b'-', name @ .., b'-', y1, y2] = date else {
        return None;
    };
    let year = match number(&[*y1, *y2])? {
        year @ 70.. => 1900 + year,
        year => 2000 + year,
    };
    assemble(year, month(name)?, number(&[*d1, *d2])?, time)
}

/// `Nov  6 08:49:37 1994`
fn asctime(text: &[u8]) -> Option<HttpDate> {
    let (text, [b' ', year @ ..]) = text.split_last_chunk::<5>()? else {
        return None;
    };
    let (date, time) = text.split_last_chunk()?;
    let [name @ .., b' ', d1, d2] = date else {
        return None;
    };
    let tens = if *d1 == b' ' { b'0' } else { *d1 };
    assemble(number(year)?, month(name)?, number(&[tens, *d2])?, time)
}

/// Puts a date and a time of the form ` 08:49:37` together. A leap second, `:60`, is the second
/// after it.
fn assemble(year: u64, month: u64, day: u64, time: &[u8; 9]) -> Option<HttpDate> {
    let [b' ', h1, h2, b':', m1, m2, b':', s1, s2] = time else {
        return None;
    };
    let (hour, minute, second) = (
        number(&[*h1, *h2])?,
        number(&[*m1, *m2])?,
        number(&[*s1, *s2])?,
    );
    let possible = year >= 1970
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    possible.then(|| HttpDate {
        seconds: days_to(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second,
    })
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + u64::from(digit - b'0'))
    })
}

/// 1 to 12.
fn month(name: &[u8]) -> Option<u64> {
    let names = (1..).zip(MONTHS);
    names
        .into_iter()
        .find(|(_, month)| month.as_bytes() == name)
        .map(|(number, _)| number)
}

fn month_name(month: u64) -> &'static str {
    let names = (1..).zip(MONTHS);
    names
        .into_iter()
        .find(|(number, _)| *number == month)
        .map_or("", |(_, name)| name)
}

fn weekday(days: u64) -> &'static str {
    let index = usize::try_from(days % 7).expect("a day of the week is below seven");
    WEEKDAYS[index]
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

fn days_in(year: u64, month: u64) -> u64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from the first of January 1970 to a date not before it.
fn days_to(year: u64, month: u64, day: u64) -> u64 {
    let leap_days = |before: u64| (before - 1) / 4 - (before - 1) / 100 + (before - 1) / 400;
    let years = (year - 1970) * 365 + leap_days(year) - leap_days(1970);
    let months: u64 = (1..month).map(|month| days_in(year, month)).sum();
    years + months + day - 1
}

/// Year, month and day, so many days after the first of January 1970.
fn date_of(days: u64) -> (u64, u64, u64) {
    let mut year = 1970 + days / 366;
    while days_to(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut month = 1;
    while month < 12 && days_to(year, month + 1, 1) <= days {
        month += 1;
    }
    (year, month, days - days_to(year, month, 1) + 1)
}

/// Writes a number right-aligned with leading zeros.
fn digits(place: &mut [u8], number: u64) {
    let mut rest = number;
    for octet in place.iter_mut().rev() {
        *octet = b'0' + u8::try_from(rest % 10).expect("a digit is below ten");
        rest /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, seconds: Option<u64>) {
        let found = HttpDate::parse(text.as_bytes()).map(|date| date.seconds);
        assert_eq!(found, seconds, "{text:?}");
    }

    #[test]
    fn the_three_forms_of_one_moment_are_equal() {
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777));
        check("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777));
        check("Sun Nov  6 08:49:37 1994", Some(784_111_777));
        check("Wed Nov 16 08:49:37 1994", Some(784_975_777));
    }

    #[test]
    fn a_year_of_two_digits_is_between_1970_and_2069() {
        check("Thursday, 01-Jan-70 00:00:00 GMT", Some(0));
        check("Tuesday, 01-Jan-69 00:00:00 GMT", Some(3_124_224_000));
    }

    #[test]
    fn a_leap_second_is_the_second_after_it() {
        check("Sat, 31 Dec 2016 23:59:60 GMT", Some(1_483_228_800));
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        check("Thu, 29 Feb 2024 00:00:00 GMT", Some(1_709_164_800));
        for text in [
            "Wed, 29 Feb 2023 00:00:00 GMT",
            "Mon, 29 Feb 2100 00:00:00 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn whatever_has_another_form_is_refused() {
        for text in [
            "",
            "Sun",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 gmt",
            "sun, 06 nov 1994 08:49:37 GMT",
            "Sunday, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Someday, 06-Nov-94 08:49:37 GMT",
            "Sunday Nov  6 08:49:37 1994",
            "Sun,06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Xyz, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            "784111777",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn what_is_written_reads_as_it_was() {
        // An odd stride, so that every month, weekday, hour and minute comes up.
        for seconds in (0..LAST).step_by(86_400 * 13 + 3_607) {
            let date = HttpDate { seconds };
            assert_eq!(HttpDate::parse(&date.format()), Some(date));
        }
    }

    #[test]
    fn the_last_date_is_the_end_of_the_year_9999() {
        let last = HttpDate { seconds: u64::MAX }.format();
        assert_eq!(&last, b"Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(
            &HttpDate { seconds: 0 }.format(),
            b"Thu, 01 Jan 1970 00:00:00 GMT"
        );
    }
}
