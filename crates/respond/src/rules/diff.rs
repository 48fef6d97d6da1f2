//! Two texts compared line by line, as people read a change.

use schemars::JsonSchema;
use serde::Serialize;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Became {
    /// It stands in both.
    Same,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Lines that stand in both are left out here.
    Skipped,
}

/// One line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Line {
    /// What became of it.
    pub became: Became,
    /// Its number in the text before.
    pub before: Option<usize>,
    /// Its number in the text after.
    pub after: Option<usize>,
    /// The line.
    pub text: String,
}

/// Lines around a change that are shown.
const AROUND: usize = 3;
/// Cells of the table of a comparison: beyond it the middle is told as taken out and put in whole.
const CELLS: usize = 4_000_000;

/// The lines of both texts, in order; long runs of lines that stand in both are left out.
pub fn lines(before: &str, after: &str) -> Vec<Line> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let middle = |all: &[&str]| all.iter().skip(head).take(all.len() - head - tail).map(|s| (*s).to_owned()).collect();
    let (from, to): (Vec<String>, Vec<String>) = (middle(&old), middle(&new));
    let mut out = Writer::default();
    old.iter().take(head).for_each(|line| out.same(line));
    changed(&from, &to, &mut out);
    old.iter().skip(old.len() - tail).for_each(|line| out.same(line));
    folded(out.lines)
}

#[derive(Default)]
struct Writer {
    lines: Vec<Line>,
    before: usize,
    after: usize,
}

impl Writer {
    fn same(&mut self, text: &str) {
        (self.before, self.after) = (self.before + 1, self.after + 1);
        self.push(Became::Same, Some(self.before), Some(self.after), text);
    }

    fn removed(&mut self, text: &str) {
        self.before += 1;
        self.push(Became::Removed, Some(self.before), None, text);
    }

    fn added(&mut self, text: &str) {
        self.after += 1;
        self.push(Became::Added, None, Some(self.after), text);
    }

    fn push(&mut self, became: Became, before: Option<usize>, after: Option<usize>, text: &str) {
        self.lines.push(Line { became, before, after, text: text.to_owned() });
    }
}

/// The longest common subsequence of lines stays; what is before it in the old text is taken out first.
fn changed(from: &[String], to: &[String], out: &mut Writer) {
    let wide = to.len() + 1;
    if from.len().saturating_add(1).saturating_mul(wide) > CELLS {
        from.iter().for_each(|line| out.removed(line));
        to.iter().for_each(|line| out.added(line));
        return;
    }
    // longest[i * wide + j]: how many lines from[i..] and to[j..] have in common, in order.
    let mut longest = vec![0u32; (from.len() + 1) * wide];
    let at = |table: &[u32], i: usize, j: usize| table.get(i * wide + j).copied().unwrap_or(0);
    for (i, line) in from.iter().enumerate().rev() {
        for (j, other) in to.iter().enumerate().rev() {
            let best = if line == other {
                at(&longest, i + 1, j + 1) + 1
            } else {
                at(&longest, i + 1, j).max(at(&longest, i, j + 1))
            };
            if let Some(cell) = longest.get_mut(i * wide + j) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    loop {
        match (from.get(i), to.get(j)) {
            (Some(line), Some(other)) if line == other => {
                out.same(line);
                (i, j) = (i + 1, j + 1);
            }
            (Some(line), Some(_)) if at(&longest, i + 1, j) >= at(&longest, i, j + 1) => {
                out.removed(line);
                i += 1;
            }
            (_, Some(other)) => {
                out.added(other);
                j += 1;
            }
            (Some(line), None) => {
                out.removed(line);
                i += 1;
            }
            (None, None) => return,
        }
    }
}

/// Leaves out what stands in both and far from any change.
fn folded(lines: Vec<Line>) -> Vec<Line> {
    let mut near = vec![false; lines.len()];
    for (place, _) in lines.iter().enumerate().filter(|(_, line)| line.became != Became::Same) {
        for shown in near.iter_mut().skip(place.saturating_sub(AROUND)).take(2 * AROUND + 1) {
            *shown = true;
        }
    }
    let mut out: Vec<Line> = Vec::new();
    for (line, shown) in lines.into_iter().zip(near) {
        if shown {
            out.push(line);
        } else if out.last().is_none_or(|last| last.became != Became::Skipped) {
            out.push(Line { became: Became::Skipped, before: None, after: None, text: String::new() });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> String {
        let one = |line: &Line| match line.became {
            Became::Same => format!(" {}", line.text),
            Became::Added => format!("+{}", line.text),
            Became::Removed => format!("-{}", line.text),
            Became::Skipped => "~".to_owned(),
        };
        lines(before, after).iter().map(one).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_change_is_told_with_what_stands_around_it() {
        assert_eq!(told("a\nb\nc", "a\nx\nc"), " a\n-b\n+x\n c");
        assert_eq!(told("", "a"), "+a");
        assert_eq!(told("a", ""), "-a");
        assert_eq!(told("a\nb", "a\nb"), "~");
        assert_eq!(told("1\n2\n3\n4\n5\n6", "1\n2\n3\n4\n5\n6\n7"), "~\n 4\n 5\n 6\n+7");
        assert_eq!(told("a\nb\nc\nd", "b\nc\nx\nd"), "-a\n b\n c\n+x\n d");
    }

    #[test]
    fn numbers_are_those_of_each_text() {
        let lines = lines("a\nb\nc", "b\nc\nd");
        let added = lines.iter().find(|line| line.became == Became::Added).unwrap();
        assert_eq!((added.before, added.after, added.text.as_str()), (None, Some(3), "d"));
    }

    #[test]
    fn texts_that_have_too_much_between_them_are_told_whole() {
        let long = |word: &str| (0..3000).map(|n| format!("{word}{n}")).collect::<Vec<_>>().join("\n");
        let lines = lines(&long("a"), &long("b"));
        assert_eq!(lines.len(), 6000);
        assert_eq!(lines[0].became, Became::Removed);
    }

    #[test]
    fn applying_the_lines_gives_the_text_after() {
        let (a, b) = ("x\ny\nz\nw\nv", "y\nx\nz\nv\nv\nu");
        let all: Vec<Line> = lines(a, b);
        let side = |gone: Became| {
            let kept = all.iter().filter(|line| line.became != gone);
            kept.map(|line| line.text.clone()).collect::<Vec<_>>().join("\n")
        };
        assert_eq!((side(Became::Added), side(Became::Removed)), (a.to_owned(), b.to_owned()));
    }
}
