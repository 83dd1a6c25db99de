//! The output that the server does not have yet: the oldest in memory, what is more in a file, and past that a line that says how much is
//! missing. The command is never slowed down by the network.

use std::collections::VecDeque;
use std::io;

use super::ring::Ring;

/// What may be kept.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub memory: usize,
    pub disk: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 4 << 20, disk: 1 << 30 }
    }
}

/// Kept free for the line that says what is missing.
const MARK: u64 = 256;

/// The server's length fits nothing that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("the server has {has} bytes of output and had {acknowledged} before: what lies between is no longer here")]
    Lost { has: u64, acknowledged: u64 },
    #[error("the server has {has} bytes of output, the command has made {made}: another writes to the same task")]
    Foreign { has: u64, made: u64 },
}

/// Output from the first byte that is not acknowledged on. Places are counted from the first byte that is to be sent of all.
#[derive(Debug)]
pub(super) struct Buffer {
    limits: Limits,
    /// The place of the first byte here.
    start: u64,
    memory: VecDeque<u8>,
    /// Behind what is in memory. While it holds anything, what comes goes there, or the order would be lost.
    ring: Option<Ring>,
    /// How much is missing behind the last byte.
    missing: u64,
    missing_in_all: u64,
}

impl Buffer {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, start: 0, memory: VecDeque::new(), ring: None, missing: 0, missing_in_all: 0 }
    }

    pub(super) fn start(&self) -> u64 {
        self.start
    }

    pub(super) fn end(&self) -> u64 {
        self.start + self.memory.len() as u64 + self.on_disk()
    }

    pub(super) fn missing_in_all(&self) -> u64 {
        self.missing_in_all
    }

    /// Takes output. Where there is no room, it is left out, until half of the disk's share is free again: else each gap would be followed
    /// by the next.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        if self.missing > 0 && self.on_disk() <= self.limits.disk / 2 {
            self.mark();
        }
        if self.missing > 0 || !self.put(bytes, MARK) {
            self.missing += bytes.len() as u64;
            self.missing_in_all += bytes.len() as u64;
        }
    }

    /// There will be no more output.
    pub(super) fn finish(&mut self) {
        if self.missing > 0 {
            self.mark();
        }
    }

    /// At most `most` bytes from a place on; fewer where memory and file meet.
    pub(super) fn read(&self, from: u64, most: usize) -> io::Result<Vec<u8>> {
        let skipped = from.saturating_sub(self.start);
        let in_memory = self.memory.len() as u64;
        if let Some(skipped) = usize::try_from(skipped).ok().filter(|_| skipped < in_memory) {
            return Ok(part(&self.memory, skipped, most));
        }
        let Some(ring) = &self.ring else { return Ok(Vec::new()) };
        let from = skipped - in_memory;
        let left = usize::try_from(ring.length().saturating_sub(from)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; left.min(most)];
        ring.read(from, &mut bytes)?;
        Ok(bytes)
    }

    /// The server has so many bytes in all: they need not be here any more.
    pub(super) fn acknowledge(&mut self, has: u64) -> Result<(), Unfit> {
        if has < self.start {
            return Err(Unfit::Lost { has, acknowledged: self.start });
        }
        if has > self.end() {
            return Err(Unfit::Foreign { has, made: self.end() });
        }
        let mut bytes = has - self.start;
        self.start = has;
        let in_memory = usize::try_from(bytes).unwrap_or(usize::MAX).min(self.memory.len());
        self.memory.drain(..in_memory);
        bytes -= in_memory as u64;
        if let Some(ring) = &mut self.ring {
            // A file that cannot be shortened goes on being a ring.
            let _ = ring.forget(bytes);
        }
        Ok(())
    }

    fn on_disk(&self) -> u64 {
        self.ring.as_ref().map_or(0, Ring::length)
    }

    /// Says in the output itself what is missing there.
    fn mark(&mut self) {
        let line = format!("\n[agentrq: {} bytes are missing here: they came faster than they could be sent]\n", self.missing);
        if self.put(line.as_bytes(), 0) {
            self.missing = 0;
        }
    }

    /// Puts bytes behind the others, if there is room for them and `reserve` more.
    fn put(&mut self, bytes: &[u8], reserve: u64) -> bool {
        if self.on_disk() == 0 && self.memory.len() + bytes.len() <= self.limits.memory {
            self.memory.extend(bytes);
            return true;
        }
        if self.on_disk() + bytes.len() as u64 + reserve > self.limits.disk {
            return false;
        }
        if self.ring.is_none() {
            // A disk that cannot be written is one without room.
            self.ring = Ring::new(self.limits.disk).ok();
        }
        self.ring.as_mut().is_some_and(|ring| ring.push(bytes).is_ok())
    }
}

/// At most `most` bytes from a place on.
fn part(of: &VecDeque<u8>, from: usize, most: usize) -> Vec<u8> {
    let (first, second) = of.as_slices();
    let (first, from) = (first.get(from..).unwrap_or_default(), from.saturating_sub(first.len()));
    let first = first.get(..most).unwrap_or(first);
    let second = second.get(from..).unwrap_or_default();
    let second = second.get(..most - first.len()).unwrap_or(second);
    [first, second].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Buffer {
        Buffer::new(Limits { memory: 8, disk: 1024 })
    }

    fn all(buffer: &Buffer) -> Vec<u8> {
        let (mut at, mut bytes) = (buffer.start(), Vec::new());
        while at < buffer.end() {
            let part = buffer.read(at, 5).expect("read");
            at += part.len() as u64;
            bytes.extend(part);
        }
        bytes
    }

    #[test]
    fn output_goes_over_from_memory_to_the_file_and_stays_in_order() {
        let mut buffer = small();
        for part in [b"abc" as &[u8], b"defg", b"hij", b"k"] {
            buffer.append(part);
        }
        assert_eq!((buffer.memory.len(), buffer.on_disk()), (7, 4));
        assert_eq!(all(&buffer), b"abcdefghijk");
        assert_eq!(buffer.read(5, 100).expect("read"), b"fg");
        assert_eq!(buffer.read(8, 100).expect("read"), b"ijk");
    }

    #[test]
    fn what_is_acknowledged_is_forgotten_wherever_it_is() {
        let mut buffer = small();
        buffer.append(b"abcdefgh");
        buffer.append(b"ijkl");
        buffer.acknowledge(3).expect("fits");
        assert_eq!(all(&buffer), b"defghijkl");
        buffer.acknowledge(10).expect("fits");
        assert_eq!((all(&buffer), buffer.memory.len()), (b"kl".to_vec(), 0));
        // The file still holds something: what comes goes behind it, and not into the free memory.
        buffer.append(b"m");
        assert_eq!(all(&buffer), b"klm");
        buffer.acknowledge(13).expect("fits");
        buffer.append(b"n");
        assert_eq!((buffer.memory.len(), buffer.on_disk(), buffer.end()), (1, 0, 14));
    }

    #[test]
    fn an_acknowledgement_that_comes_again_changes_nothing_and_one_that_fits_nothing_is_refused() {
        let mut buffer = small();
        buffer.append(b"abcdef");
        buffer.acknowledge(4).expect("fits");
        buffer.acknowledge(4).expect("fits");
        assert_eq!(buffer.acknowledge(3), Err(Unfit::Lost { has: 3, acknowledged: 4 }));
        assert_eq!(buffer.acknowledge(7), Err(Unfit::Foreign { has: 7, made: 6 }));
        assert_eq!(all(&buffer), b"ef");
    }

    #[test]
    fn past_the_disks_share_the_newest_is_left_out_and_a_line_says_how_much() {
        let mut buffer = Buffer::new(Limits { memory: 0, disk: 1024 });
        for _ in 0..20 {
            buffer.append(&[b'x'; 100]);
        }
        assert_eq!((buffer.end(), buffer.missing_in_all()), (700, 1300));
        // Half must be free before it goes on.
        buffer.acknowledge(100).expect("fits");
        buffer.append(b"left out too");
        assert_eq!(buffer.end(), 700);
        buffer.acknowledge(400).expect("fits");
        buffer.append(b"back");
        let said = String::from_utf8(all(&buffer)).expect("text");
        assert!(said.ends_with("xx\n[agentrq: 1312 bytes are missing here: they came faster than they could be sent]\nback"), "{said}");
        assert_eq!(buffer.missing, 0);
    }

    #[test]
    fn what_is_missing_at_the_end_is_said_at_the_end() {
        let mut buffer = Buffer::new(Limits { memory: 0, disk: 1024 });
        for _ in 0..20 {
            buffer.append(&[b'x'; 100]);
        }
        buffer.finish();
        assert!(all(&buffer).ends_with(b"[agentrq: 1300 bytes are missing here: they came faster than they could be sent]\n"));
    }

    #[test]
    fn memory_stays_flat_and_the_file_within_its_bounds_however_much_goes_through() {
        let mut buffer = Buffer::new(Limits { memory: 64, disk: 4096 });
        let (mut next, mut expected) = (0_u8, Vec::<u8>::new());
        for round in 0..2_000_u64 {
            let part: Vec<u8> = (0..(round % 90))
                .map(|_| {
                    next = next.wrapping_add(1);
                    next
                })
                .collect();
            buffer.append(&part);
            expected.extend(&part);
            let read = buffer.read(buffer.start(), (round % 97) as usize).expect("read");
            let place = buffer.start() as usize;
            assert_eq!(read, expected[place..place + read.len()]);
            buffer.acknowledge(buffer.start() + read.len() as u64).expect("fits");
            assert!(buffer.memory.len() <= 64 && buffer.on_disk() <= 4096);
        }
        assert_eq!(buffer.missing_in_all(), 0);
    }
}
