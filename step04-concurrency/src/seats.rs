//! Numbered places for sessions, and tokens that outlive them safely.
//!
//! The kernel gives back a token, a plain number. By the time an event is looked at, its session
//! may have ended and its place been taken by another, within one batch of events. So a token
//! carries the place's generation, and an old one finds nobody.

use std::fmt;

/// Names one end of one session, or a kept connection: `generation:32 post:1 place:29 end:2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(u64);

impl Token {
    /// Not a session: the listener.
    pub(crate) const LISTENER: Token = Token(u64::MAX);
    /// Not a session: the signal to stop.
    pub(crate) const STOP: Token = Token(u64::MAX - 1);

    const PLACE_BITS: u32 = 29;
    const POST: u64 = 1 << 31;

    fn new(generation: u32, place: usize) -> Token {
        Token(u64::from(generation) << 32 | (place as u64) << 2)
    }

    fn generation(self) -> u32 {
        u32::try_from(self.0 >> 32).expect("32 bits are left")
    }

    fn place(self) -> usize {
        usize::try_from(self.0 >> 2 & ((1 << Token::PLACE_BITS) - 1)).expect("29 bits are left")
    }

    /// Which end of the session it names.
    pub(crate) fn end(self) -> usize {
        usize::try_from(self.0 & 3).expect("two bits are left")
    }

    /// The same session's token for another end.
    pub(crate) fn with_end(self, end: usize) -> Token {
        Token(self.0 & !3 | end as u64 & 3)
    }

    /// The token that names a kept connection, by its number among those.
    pub(crate) fn of_post(self) -> Token {
        Token(self.0 | Token::POST)
    }

    /// Whether it names a kept connection and no session.
    pub(crate) fn is_of_post(self) -> bool {
        self.0 & Token::POST != 0
    }
}

impl fmt::Display for Token {
    /// The place, and who in a row has it: `3`, then `3.1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.generation() {
            0 => write!(f, "{}", self.place()),
            generation => write!(f, "{}.{generation}", self.place()),
        }
    }
}

impl From<Token> for u64 {
    fn from(token: Token) -> u64 {
        token.0
    }
}

impl From<u64> for Token {
    fn from(token: u64) -> Token {
        Token(token)
    }
}

struct Place<T> {
    /// Goes up each time the place is left; never reaches the numbers of the special tokens.
    generation: u32,
    /// Boxed, so that a place of one who has left costs a few octets.
    taken: Option<Box<T>>,
}

/// A bounded number of places.
pub(crate) struct Seats<T> {
    places: Vec<Place<T>>,
    free: Vec<usize>,
    limit: usize,
}

impl<T> Seats<T> {
    pub(crate) fn new(limit: usize) -> Seats<T> {
        Seats {
            places: Vec::new(),
            free: Vec::new(),
            limit: limit.min(1 << Token::PLACE_BITS),
        }
    }

    pub(crate) fn taken(&self) -> usize {
        self.places.len() - self.free.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.taken() == 0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.taken() >= self.limit
    }

    /// Takes a free place; there must be one.
    pub(crate) fn insert(&mut self, value: T) -> Token {
        assert!(!self.is_full(), "whoever inserts asks is_full first");
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place {
                generation: 0,
                taken: None,
            });
            self.places.len() - 1
        });
        self.places[place].taken = Some(Box::new(value));
        Token::new(self.places[place].generation, place)
    }

    // ANCHOR: get
    /// Whoever the token names, if still there.
    pub(crate) fn get(&mut self, token: Token) -> Option<&mut T> {
        let place = self.places.get_mut(token.place())?;
        if place.generation != token.generation() {
            return None;
        }
        place.taken.as_deref_mut()
    }
    // ANCHOR_END: get

    /// Drops whoever the token names, if still there.
    pub(crate) fn remove(&mut self, token: Token) {
        if self.get(token).is_some() {
            let place = &mut self.places[token.place()];
            place.taken = None;
            place.generation = place.generation.wrapping_add(1) & (u32::MAX >> 1);
            self.free.push(token.place());
        }
    }

    /// The tokens of up to `most` of those of whom `is_so` holds.
    pub(crate) fn tokens_where(&self, is_so: impl Fn(&T) -> bool, most: usize) -> Vec<Token> {
        let places = self.places.iter().enumerate();
        places
            .filter(|(_, place)| place.taken.as_deref().is_some_and(&is_so))
            .map(|(number, place)| Token::new(place.generation, number))
            .take(most)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_finds_nobody_after_its_place_was_taken_again() {
        let mut seats = Seats::new(2);
        let first = seats.insert('a');
        seats.remove(first);
        let second = seats.insert('b');
        assert_eq!(first.place(), second.place());
        assert_eq!(seats.get(first), None);
        seats.remove(first);
        assert_eq!(seats.get(second.with_end(3)), Some(&mut 'b'));
    }

    #[test]
    fn places_are_bounded_and_given_out_again() {
        let mut seats = Seats::new(2);
        let tokens = [seats.insert(1), seats.insert(2)];
        assert!(seats.is_full());
        seats.remove(tokens[0]);
        assert!(!seats.is_full());
        seats.insert(3);
        assert_eq!(seats.places.len(), 2);
        assert_eq!(seats.tokens_where(|value| *value > 1, 9).len(), 2);
    }

    #[test]
    fn tokens_keep_their_parts_apart() {
        let token = Token::new(u32::MAX >> 1, (1 << 29) - 1).with_end(3);
        assert_eq!(token.generation(), u32::MAX >> 1);
        assert_eq!(token.place(), (1 << 29) - 1);
        assert_eq!(token.end(), 3);
        assert_ne!(token, Token::LISTENER);
        assert_ne!(token, Token::STOP);
        let post = token.of_post();
        assert!(post.is_of_post() && !token.is_of_post());
        assert_eq!(post.place(), token.place());
        assert_ne!(post, Token::LISTENER);
    }
}
