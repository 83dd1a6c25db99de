//! Archives that `tar` unpacks everywhere (POSIX.1-1988 ustar), written and read as they come, however long.
//!
//! What others add to the form is read: long names of GNU tar and of pax. The size of an entry stands before it, so it must be known.

/// Bytes a block.
pub const BLOCK: usize = 512;

/// What ends an archive: two empty blocks.
pub const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// The longest name of an entry of which the first folder is a list and the rest is short.
const NAME: usize = 100;
/// Names and sizes of extended headers that are read; longer ones are of no use here.
const EXTENDED: u64 = 64 * 1024;

/// The header of a file of `size` bytes. The name has at most 100 bytes behind its last folder, and 155 before it.
pub fn header(path: &str, size: u64, modified_s: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let (prefix, name) = match path.rsplit_once('/') {
        Some((folder, name)) if path.len() > NAME => (folder, name),
        _ => ("", path),
    };
    put(&mut block, 0, name.as_bytes());
    put(&mut block, 100, b"0000644\0");
    put(&mut block, 108, b"0000000\0");
    put(&mut block, 116, b"0000000\0");
    put(&mut block, 124, format!("{size:011o}\0").as_bytes());
    put(&mut block, 136, format!("{modified_s:011o}\0").as_bytes());
    put(&mut block, 148, b"        ");
    put(&mut block, 156, b"0");
    put(&mut block, 257, b"ustar\x0000");
    put(&mut block, 345, prefix.as_bytes());
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    put(&mut block, 148, format!("{sum:06o}\0 ").as_bytes());
    block
}

fn put(block: &mut [u8; BLOCK], at: usize, bytes: &[u8]) {
    for (place, byte) in block.iter_mut().skip(at).zip(bytes) {
        *place = *byte;
    }
}

/// How many empty bytes follow on a file of this size.
pub fn padding(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
    if over == 0 { 0 } else { BLOCK - over }
}

/// Adds a small file.
pub fn append(to: &mut Vec<u8>, path: &str, modified_s: u64, bytes: &[u8]) {
    to.extend(header(path, bytes.len() as u64, modified_s));
    to.extend(bytes);
    to.extend(std::iter::repeat_n(0, padding(bytes.len() as u64)));
}

/// An entry of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    pub path: String,
    pub size: u64,
    pub modified_s: u64,
}

/// What comes next in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'b> {
    /// A file begins.
    File(Entry),
    /// Some of its bytes.
    Bytes(&'b [u8]),
    /// It has ended.
    EndOfFile,
}

/// Why something is no archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoTar(pub &'static str);

/// Reads an archive as it comes.
#[derive(Clone, Debug, Default)]
pub struct Untar {
    /// What is here of a header.
    block: Vec<u8>,
    within: Within,
    /// Bytes of the entry that are to come, and empty ones behind them.
    left: u64,
    pad: u64,
    /// What an extended header says of the next entry.
    path: Option<String>,
    size: Option<u64>,
    extended: Vec<u8>,
    is_over: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Nothing,
    File,
    LongName,
    Pax,
    Passed,
}

impl Untar {
    /// The next part that these bytes hold, and takes them; `None`: all of them are taken.
    ///
    /// # Errors
    /// When it is no archive, or one of a form that is not read.
    pub fn next<'b>(&mut self, bytes: &mut &'b [u8]) -> Result<Option<Part<'b>>, NoTar> {
        loop {
            if self.left > 0 {
                let Some(part) = take(bytes, self.left) else { return Ok(None) };
                self.left -= part.len() as u64;
                match self.within {
                    Within::File => return Ok(Some(Part::Bytes(part))),
                    Within::LongName | Within::Pax => self.extended.extend(part),
                    Within::Nothing | Within::Passed => {}
                }
                continue;
            }
            match std::mem::take(&mut self.within) {
                Within::File => return Ok(Some(Part::EndOfFile)),
                Within::LongName => {
                    let name = std::mem::take(&mut self.extended);
                    self.path = Some(text(&name)?.to_owned());
                }
                Within::Pax => {
                    let records = std::mem::take(&mut self.extended);
                    self.pax(&records)?;
                }
                Within::Nothing | Within::Passed => {}
            }
            if self.pad > 0 {
                let Some(part) = take(bytes, self.pad) else { return Ok(None) };
                self.pad -= part.len() as u64;
                continue;
            }
            let Some(part) = take(bytes, (BLOCK - self.block.len()) as u64) else { return Ok(None) };
            self.block.extend(part);
            if self.block.len() == BLOCK {
                let block = std::mem::take(&mut self.block);
                if let Some(entry) = self.begins(&block)? {
                    return Ok(Some(Part::File(entry)));
                }
            }
        }
    }

    /// Is it whole?
    ///
    /// # Errors
    /// When it breaks off.
    pub fn end(&self) -> Result<(), NoTar> {
        if self.is_over { Ok(()) } else { Err(NoTar("the archive breaks off before its end")) }
    }

    fn begins(&mut self, block: &[u8]) -> Result<Option<Entry>, NoTar> {
        if self.is_over || block.iter().all(|byte| *byte == 0) {
            self.is_over = true;
            return Ok(None);
        }
        let sum: u64 = block.iter().enumerate().map(|(at, byte)| u64::from(if (148..156).contains(&at) { b' ' } else { *byte })).sum();
        if octal(&block[148..156])? != sum {
            return Err(NoTar("this is no tar archive, or a damaged one: send a plain .tar, not compressed"));
        }
        let size = self.size.take().map_or_else(|| octal(&block[124..136]), Ok)?;
        (self.left, self.pad) = (size, padding(size) as u64);
        let path = self.path.take();
        match block[156] {
            b'L' | b'x' if size > EXTENDED => return Err(NoTar("a name in the archive is too long")),
            b'L' => self.within = Within::LongName,
            b'x' => self.within = Within::Pax,
            b'0' | 0 | b'7' => {
                let path = match path {
                    Some(path) => path,
                    None => match (text(&block[345..500])?, text(&block[..100])?) {
                        (prefix, name) if !prefix.is_empty() && block[257..262] == *b"ustar" => format!("{prefix}/{name}"),
                        (_, name) => name.to_owned(),
                    },
                };
                self.within = Within::File;
                return Ok(Some(Entry { path, size, modified_s: octal(&block[136..148])? }));
            }
            // Folders, links and what else there may be hold nothing that is wanted.
            _ => self.within = Within::Passed,
        }
        Ok(None)
    }

    /// Records of the form `12 path=a/b\n`.
    fn pax(&mut self, records: &[u8]) -> Result<(), NoTar> {
        let mut rest = records;
        while !rest.is_empty() {
            let wrong = NoTar("an extended header of the archive cannot be read");
            let space = rest.iter().position(|byte| *byte == b' ').ok_or(wrong.clone())?;
            let length: usize = text(&rest[..space])?.parse().map_err(|_| wrong.clone())?;
            let record = rest.get(space + 1..length).ok_or(wrong.clone())?;
            let (key, value) = text(record)?.trim_end_matches('\n').split_once('=').ok_or(wrong.clone())?;
            match key {
                "path" => self.path = Some(value.to_owned()),
                "size" => self.size = Some(value.parse().map_err(|_| wrong)?),
                _ => {}
            }
            rest = &rest[length..];
        }
        Ok(())
    }
}

fn take<'b>(bytes: &mut &'b [u8], most: u64) -> Option<&'b [u8]> {
    let length = usize::try_from(most).unwrap_or(usize::MAX).min(bytes.len());
    let (part, rest) = bytes.split_at(length);
    *bytes = rest;
    (!part.is_empty()).then_some(part)
}

/// A text that ends at the first empty byte.
fn text(bytes: &[u8]) -> Result<&str, NoTar> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    std::str::from_utf8(&bytes[..end]).map_err(|_| NoTar("a name in the archive is not UTF-8"))
}

fn octal(field: &[u8]) -> Result<u64, NoTar> {
    let digits = text(field)?.trim();
    if digits.is_empty() {
        return Ok(0);
    }
    u64::from_str_radix(digits, 8).map_err(|_| NoTar("a number in the archive cannot be read: send a plain .tar, not compressed"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(archive: &[u8], pieces: usize) -> Result<Vec<(Entry, Vec<u8>)>, NoTar> {
        let (mut untar, mut files) = (Untar::default(), Vec::<(Entry, Vec<u8>)>::new());
        for mut piece in archive.chunks(pieces.max(1)) {
            while let Some(part) = untar.next(&mut piece)? {
                match part {
                    Part::File(entry) => files.push((entry, Vec::new())),
                    Part::Bytes(bytes) => files.last_mut().expect("a file").1.extend(bytes),
                    Part::EndOfFile => assert_eq!(files.last().expect("a file").0.size, files.last().expect("a file").1.len() as u64),
                }
            }
        }
        untar.end().map(|()| files)
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked_however_it_is_cut(
            files in proptest::collection::vec(("[a-zA-Z0-9_-]{1,128}", "[0-9]{1,10}\\.json", proptest::collection::vec(any::<u8>(), 0..1500)), 0..5),
            pieces in 1..2000usize,
        ) {
            let mut archive = Vec::new();
            for (list, name, bytes) in &files {
                append(&mut archive, &format!("{list}/{name}"), 1_800_000_000, bytes);
            }
            archive.extend(END);
            let found = read(&archive, pieces).expect("an archive");
            let expected: Vec<_> = files.into_iter().map(|(list, name, bytes)| {
                (Entry { path: format!("{list}/{name}"), size: bytes.len() as u64, modified_s: 1_800_000_000 }, bytes)
            }).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn nothing_that_comes_in_is_too_much(bytes in proptest::collection::vec(any::<u8>(), 0..3000), pieces in 1..700usize) {
            let _ = read(&bytes, pieces);
        }
    }

    #[test]
    fn names_that_are_long_are_read_as_gnu_and_pax_write_them() {
        let long = format!("{}/12.json", "x".repeat(120));
        let entry = |kind: u8, size: usize| {
            let mut block = header("short", size as u64, 0);
            block[156] = kind;
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            put(&mut block, 148, format!("{sum:06o}\0 ").as_bytes());
            block
        };
        let record = format!("path={long}\n");
        let pax = format!("{} {record}", record.len() + 4);
        for (kind, name) in [(b'L', format!("{long}\0")), (b'x', pax)] {
            let mut archive = entry(kind, name.len()).to_vec();
            archive.extend(name.as_bytes());
            archive.extend(vec![0; padding(name.len() as u64)]);
            archive.extend(entry(b'5', 0));
            append(&mut archive, "short", 7, b"{}");
            archive.extend(END);
            let found = read(&archive, 100).expect("an archive");
            // A folder in between takes the name that was meant for it.
            assert_eq!(found[0].0.path, "short");
            let mut archive = entry(kind, name.len()).to_vec();
            archive.extend(name.as_bytes());
            archive.extend(vec![0; padding(name.len() as u64)]);
            append(&mut archive, "short", 7, b"{}");
            archive.extend(END);
            assert_eq!(read(&archive, 100).expect("an archive")[0].0.path, long);
        }
    }

    #[test]
    fn what_is_no_archive_or_breaks_off_is_told() {
        let mut archive = Vec::new();
        append(&mut archive, "a/1.json", 0, b"{}");
        assert!(read(&archive, 512).is_err_and(|why| why.0.contains("breaks off")));
        archive.extend(END);
        archive[0] = b'b';
        assert!(read(&archive, 512).is_err_and(|why| why.0.contains("damaged")));
        assert!(read(&[0x1f; 1024], 512).is_err_and(|why| why.0.contains("not compressed")));
        assert!(read(b"", 512).is_err());
    }
}
