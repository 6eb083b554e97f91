//! Sets of TCP ports as disjoint intervals.
//!
//! Network ACLs decide per port: the first rule that matches a port takes it,
//! and later rules see only what is left. Walking intervals gives the exact
//! share of a range in a few steps instead of 64512.

use std::fmt;

/// A set of ports: disjoint inclusive intervals in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ports(Vec<(u16, u16)>);

impl Ports {
    /// All ports from `first` to `last`, both included; none when `last` is the smaller.
    pub fn range(first: u16, last: u16) -> Self {
        if first > last {
            Self::default()
        } else {
            Self(vec![(first, last)])
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `port` is one of them.
    pub fn contains(&self, port: u16) -> bool {
        self.0
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&port))
    }

    /// How many there are, 0 to 65536.
    pub fn count(&self) -> u32 {
        self.0
            .iter()
            .map(|(first, last)| u32::from(*last) - u32::from(*first) + 1)
            .sum()
    }

    /// The intervals, both ends included.
    pub fn intervals(&self) -> &[(u16, u16)] {
        &self.0
    }

    /// Removes the ports from `first` to `last` and returns those that were there.
    pub fn take(&mut self, first: u16, last: u16) -> Self {
        let mut left = Vec::with_capacity(self.0.len() + 1);
        let mut taken = Vec::new();
        for &(low, high) in &self.0 {
            let (from, to) = (low.max(first), high.min(last));
            if from > to {
                left.push((low, high));
                continue;
            }
            taken.push((from, to));
            // An end that is left over lies strictly beyond the taken part, so neither step overflows.
            if low < from {
                left.push((low, from - 1));
            }
            if to < high {
                left.push((to + 1, high));
            }
        }
        self.0 = left;
        Self(taken)
    }

    /// The ports that are in both.
    pub fn common(&self, other: &Self) -> Self {
        let mut left = self.clone();
        let mut both = Self::default();
        for &(first, last) in &other.0 {
            both.0.extend(left.take(first, last).0);
        }
        both.0.sort_unstable();
        both
    }

    /// Adds the ports of `other`, joining intervals that touch.
    pub fn join(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
        self.0.sort_unstable();
        let mut joined: Vec<(u16, u16)> = Vec::with_capacity(self.0.len());
        for &(first, last) in &self.0 {
            match joined.last_mut() {
                Some(previous) if u32::from(first) <= u32::from(previous.1) + 1 => {
                    previous.1 = previous.1.max(last);
                }
                _ => joined.push((first, last)),
            }
        }
        self.0 = joined;
    }
}

impl FromIterator<u16> for Ports {
    fn from_iter<I: IntoIterator<Item = u16>>(ports: I) -> Self {
        let mut all = Self(ports.into_iter().map(|port| (port, port)).collect());
        all.join(&Self::default());
        all
    }
}

/// `30866`, `1024-32767`, `80, 443 and 1024-65535`.
impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            match index {
                0 => {}
                _ if index + 1 == self.0.len() => f.write_str(" and ")?,
                _ => f.write_str(", ")?,
            }
            if first == last {
                write!(f, "{first}")?;
            } else {
                write!(f, "{first}-{last}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Ports;

    #[test]
    fn taking_splits_and_counts() {
        let mut left = Ports::range(1024, 65535);
        assert_eq!(left.count(), 64512);
        let middle = left.take(30000, 32767);
        assert_eq!(middle.intervals(), [(30000, 32767)]);
        assert_eq!(left.intervals(), [(1024, 29999), (32768, 65535)]);
        assert_eq!(left.count() + middle.count(), 64512);
        assert!(left.take(0, 1023).is_empty());
        assert_eq!(left.take(0, 65535).count(), 64512 - 2768);
        assert!(left.is_empty());
    }

    #[test]
    fn the_ends_of_the_port_space_do_not_overflow() {
        let mut left = Ports::range(0, 65535);
        assert_eq!(left.count(), 65536);
        assert_eq!(left.take(0, 0).intervals(), [(0, 0)]);
        assert_eq!(left.take(65535, 65535).intervals(), [(65535, 65535)]);
        assert_eq!(left.intervals(), [(1, 65534)]);
        assert!(Ports::range(2, 1).is_empty());
    }

    #[test]
    fn joining_merges_what_touches() {
        let mut all = Ports::range(10, 20);
        all.join(&Ports::range(21, 30));
        all.join(&Ports::range(40, 50));
        all.join(&Ports::range(15, 25));
        all.join(&Ports::range(65535, 65535));
        assert_eq!(all.intervals(), [(10, 30), (40, 50), (65535, 65535)]);
        assert!(all.contains(30) && !all.contains(31));
    }

    #[test]
    fn what_two_sets_share() {
        let mut odd = Ports::range(1, 10);
        odd.join(&Ports::range(20, 30));
        let mut even = Ports::range(25, 40);
        even.join(&Ports::range(5, 7));
        assert_eq!(odd.common(&even).intervals(), [(5, 7), (25, 30)]);
        assert!(odd.common(&Ports::range(11, 19)).is_empty());
    }

    #[test]
    fn they_read_as_people_write_them() {
        let all: Ports = [443, 80, 8080, 8081].into_iter().collect();
        assert_eq!(all.to_string(), "80, 443 and 8080-8081");
        assert_eq!(Ports::range(30000, 32767).to_string(), "30000-32767");
        assert_eq!(Ports::default().to_string(), "");
    }
}
