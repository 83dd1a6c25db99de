//! A ring of bytes in a temporary file without a name: it is gone with the process, however that ends.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

#[derive(Debug)]
pub(super) struct Ring {
    file: File,
    capacity: u64,
    /// Where the oldest byte stands in the file.
    head: u64,
    length: u64,
}

impl Ring {
    pub(super) fn new(capacity: u64) -> io::Result<Self> {
        Ok(Self { file: file()?, capacity, head: 0, length: 0 })
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Adds bytes behind the others. If it fails, nothing was added.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.length + size(bytes) > self.capacity {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let at = (self.head + self.length) % self.capacity;
        let (first, second) = bytes.split_at(self.before_the_seam(at, bytes.len()));
        self.file.write_all_at(first, at)?;
        self.file.write_all_at(second, 0)?;
        self.length += size(bytes);
        Ok(())
    }

    /// Fills `into` with what stands `from` bytes behind the oldest.
    pub(super) fn read(&self, from: u64, into: &mut [u8]) -> io::Result<()> {
        if from + size(into) > self.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let at = (self.head + from) % self.capacity;
        let (first, second) = into.split_at_mut(self.before_the_seam(at, into.len()));
        self.file.read_exact_at(first, at)?;
        self.file.read_exact_at(second, 0)
    }

    /// Forgets the oldest bytes, and gives the disk back when there are no others.
    pub(super) fn forget(&mut self, bytes: u64) -> io::Result<()> {
        let bytes = bytes.min(self.length);
        self.head = (self.head + bytes) % self.capacity;
        self.length -= bytes;
        if self.length == 0 {
            self.head = 0;
            self.file.set_len(0)?;
        }
        Ok(())
    }

    /// How many of so many bytes stand before the place where the ring closes.
    fn before_the_seam(&self, at: u64, bytes: usize) -> usize {
        usize::try_from(self.capacity - at).unwrap_or(usize::MAX).min(bytes)
    }
}

/// A file without a name. `/tmp` is memory on many machines, and it is memory that shall be spared; but what the user says goes.
fn file() -> io::Result<File> {
    match std::env::var_os("TMPDIR") {
        Some(_) => tempfile::tempfile(),
        None => tempfile::tempfile_in("/var/tmp").or_else(|_| tempfile::tempfile()),
    }
}

/// A length in memory as one on disk; on every machine that there is, nothing is lost.
fn size(bytes: &[u8]) -> u64 {
    bytes.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(ring: &Ring) -> Vec<u8> {
        let mut bytes = vec![0; ring.length() as usize];
        ring.read(0, &mut bytes).expect("read");
        bytes
    }

    #[test]
    fn bytes_come_back_in_order_also_over_the_seam() {
        let mut ring = Ring::new(8).expect("a file");
        ring.push(b"abcdef").expect("room");
        ring.forget(4).expect("forgotten");
        ring.push(b"ghijkl").expect("room");
        assert_eq!(all(&ring), b"efghijkl");
        let mut part = [0; 3];
        ring.read(3, &mut part).expect("read");
        assert_eq!(&part, b"hij");
    }

    #[test]
    fn what_has_no_room_is_refused_and_leaves_the_others_as_they_are() {
        let mut ring = Ring::new(4).expect("a file");
        ring.push(b"abc").expect("room");
        assert_eq!(ring.push(b"de").expect_err("full").kind(), io::ErrorKind::StorageFull);
        assert_eq!(all(&ring), b"abc");
        assert!(ring.read(2, &mut [0; 2]).is_err());
    }

    #[test]
    fn the_disk_is_given_back_when_nothing_is_left() {
        let mut ring = Ring::new(100).expect("a file");
        ring.push(&[1; 80]).expect("room");
        ring.forget(80).expect("forgotten");
        assert_eq!(ring.file.metadata().expect("metadata").len(), 0);
        ring.push(b"xy").expect("room");
        assert_eq!(all(&ring), b"xy");
    }
}
