//! A table for people: one row a contender, one column a figure, and the goals below.

use std::fmt;

/// A measurement's outcome.
#[derive(Debug)]
pub struct Table {
    /// What was measured.
    pub title: &'static str,
    /// On what, and from how many samples.
    pub conditions: String,
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

impl Goal {
    /// Whether what came is on the right side.
    #[must_use]
    pub fn is_met(&self) -> bool {
        match self.bound {
            Bound::AtMost(number) => self.ratio <= number,
            Bound::AtLeast(number) => self.ratio >= number,
        }
    }
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
        write!(f, "\n  ({})", self.conditions)?;
        self.goals.iter().try_for_each(|goal| write!(f, "\n  {goal}"))
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, number) = match self.bound {
            Bound::AtMost(number) => ("<=", number),
            Bound::AtLeast(number) => (">=", number),
        };
        let verdict = if self.is_met() { "met" } else { "MISSED" };
        write!(f, "{:<44}{:>8.2}   goal {sign} {number:<5} {verdict}", self.what, self.ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_goal_says_so() {
        let goal = |ratio, bound| Goal { what: "a / b", ratio, bound }.to_string();
        assert!(goal(1.45, Bound::AtMost(1.45)).ends_with("1.45   goal <= 1.45  met"));
        assert!(goal(1.46, Bound::AtMost(1.45)).ends_with("1.46   goal <= 1.45  MISSED"));
        assert!(goal(1.5, Bound::AtLeast(1.5)).ends_with("met"));
        assert!(goal(1.49, Bound::AtLeast(1.5)).ends_with("MISSED"));
        assert!(goal(f64::NAN, Bound::AtMost(1.0)).ends_with("MISSED"));
    }
}
