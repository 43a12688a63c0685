//! A table for people: one row a contender, one column a figure, and the goals below.

use std::fmt;

/// A measurement's outcome.
#[derive(Debug)]
pub struct Table {
    /// What was measured.
    pub title: &'static str,
    /// Names of the figures.
    pub columns: &'static [&'static str],
    /// Contender and figures, the limit first.
    pub rows: Vec<(&'static str, Vec<f64>)>,
    /// What was hoped for, beside what came.
    pub goals: Vec<Goal>,
}

/// One ratio with the bound it should keep.
#[derive(Debug)]
pub struct Goal {
    /// The ratio in words.
    pub what: &'static str,
    /// What came.
    pub ratio: f64,
    /// What was hoped for.
    pub bound: Bound,
}

/// On which side of its number a ratio should lie.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// Not above.
    AtMost(f64),
    /// Not below.
    AtLeast(f64),
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{:<34}", self.title)?;
        for column in self.columns {
            write!(f, "{column:>12}")?;
        }
        for (name, figures) in &self.rows {
            write!(f, "\n  {name:<32}")?;
            for figure in figures {
                write!(f, "{figure:>12.2}")?;
            }
        }
        self.goals.iter().try_for_each(|goal| write!(f, "\n  {goal}"))
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, number, met) = match self.bound {
            Bound::AtMost(number) => ("<=", number, self.ratio <= number),
            Bound::AtLeast(number) => (">=", number, self.ratio >= number),
        };
        let verdict = if met { "met" } else { "MISSED" };
        write!(f, "{:<44}{:>8.2}   goal {sign} {number:<5} {verdict}", self.what, self.ratio)
    }
}
