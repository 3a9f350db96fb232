//! What the demo's phones photograph: drawn scenes that a person can read, each with the code of
//! its zone and the time, and with the grain of a small sensor, so that no two files are the same.

use jpeg_encoder::{ColorType, Encoder, EncodingError};

const WIDTH: usize = 800;
const HEIGHT: usize = 600;
/// How well the camera keeps what it sees, as JPEG counts.
const QUALITY: u8 = 85;

type Colour = [i32; 3];

const WALLS: [Colour; 4] = [
    [150, 158, 165],
    [172, 160, 140],
    [128, 146, 138],
    [160, 150, 160],
];
const FLOOR: Colour = [96, 92, 88];
const STEEL: Colour = [70, 82, 96];
const RUST: Colour = [150, 84, 48];
const MADE_GOOD: Colour = [66, 140, 82];
const SIGN: Colour = [20, 90, 170];
const YELLOW: Colour = [235, 190, 30];
const BLACK: Colour = [20, 20, 20];
const WHITE: Colour = [245, 245, 245];

/// A photo of a place as a JPEG file: `seed` says what stands where, `is_after` whether it has been
/// put right.
///
/// # Errors
/// The encoder's.
pub(super) fn photo(
    seed: u64,
    code: &str,
    time: &str,
    is_after: bool,
) -> Result<Vec<u8>, EncodingError> {
    let mut grain = Grain(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut scene = Scene::new(WALLS[grain.below(WALLS.len())]);
    // Pipes along the wall, posts of a railing, and what is wrong with it or was.
    for _ in 0..3 + grain.below(3) {
        let y = 60 + grain.below(240);
        let thickness = 8 + grain.below(18);
        scene.fill((0, y), (WIDTH, thickness), STEEL);
    }
    let posts = 4 + grain.below(4);
    for post in 0..posts {
        let x = 40 + post * (WIDTH - 80) / posts;
        scene.fill((x, 300), (14, 190), YELLOW);
    }
    scene.fill((30, 300), (WIDTH - 60, 12), YELLOW);
    let (x, y) = (180 + grain.below(400), 320 + grain.below(120));
    let spot = if is_after { MADE_GOOD } else { RUST };
    scene.fill((x, y), (70 + grain.below(60), 40 + grain.below(50)), spot);
    for stripe in (0..WIDTH).step_by(80) {
        scene.fill((stripe, 552), (40, 24), BLACK);
    }
    let board = 24 + code.len() * 6 * 8;
    scene.fill((40, 40), (board, 88), SIGN);
    scene.write(code, (52, 56), 8, WHITE);
    let stamp = time.len() * 6 * 4;
    scene.write(time, (WIDTH - stamp - 16, HEIGHT - 40), 4, WHITE);
    let mut file = Vec::with_capacity(256 << 10);
    let (width, height) = (size(WIDTH), size(HEIGHT));
    Encoder::new(&mut file, QUALITY).encode(
        &scene.developed(&mut grain),
        width,
        height,
        ColorType::Rgb,
    )?;
    Ok(file)
}

fn size(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// Numbers that look random (xorshift64*), a few nanoseconds each.
struct Grain(u64);

impl Grain {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % end
    }
}

struct Scene {
    pixels: Vec<Colour>,
}

impl Scene {
    fn new(wall: Colour) -> Self {
        let mut scene = Self {
            pixels: vec![wall; WIDTH * HEIGHT],
        };
        scene.fill((0, 460), (WIDTH, HEIGHT - 460), FLOOR);
        scene
    }

    fn fill(&mut self, (left, top): (usize, usize), (width, height): (usize, usize), with: Colour) {
        for y in top..(top + height).min(HEIGHT) {
            let row = y * WIDTH;
            let right = (left + width).min(WIDTH);
            self.pixels[row + left.min(right)..row + right].fill(with);
        }
    }

    fn write(&mut self, text: &str, (left, top): (usize, usize), scale: usize, with: Colour) {
        for (place, letter) in text.bytes().enumerate() {
            for (column, bits) in glyph(letter).into_iter().enumerate() {
                for row in (0..7).filter(|row| bits >> row & 1 == 1) {
                    let x = left + (place * 6 + column) * scale;
                    self.fill((x, top + row * scale), (scale, scale), with);
                }
            }
        }
    }

    /// The pixels as a sensor sees them.
    fn developed(&self, grain: &mut Grain) -> Vec<u8> {
        let mut pixels = Vec::with_capacity(self.pixels.len() * 3);
        for colour in &self.pixels {
            let noise = i32::from(grain.next().to_le_bytes()[7]) / 4 - 32;
            for part in colour {
                pixels.push(u8::try_from((part + noise).clamp(0, 255)).unwrap_or(0));
            }
        }
        pixels
    }
}

/// Five columns of seven bits, the lowest on top; nothing for what a code or a time has not.
#[rustfmt::skip]
fn glyph(letter: u8) -> [u8; 5] {
    match letter {
        b'0' => [0x3e, 0x51, 0x49, 0x45, 0x3e], b'1' => [0x00, 0x42, 0x7f, 0x40, 0x00],
        b'2' => [0x42, 0x61, 0x51, 0x49, 0x46], b'3' => [0x21, 0x41, 0x45, 0x4b, 0x31],
        b'4' => [0x18, 0x14, 0x12, 0x7f, 0x10], b'5' => [0x27, 0x45, 0x45, 0x45, 0x39],
        b'6' => [0x3c, 0x4a, 0x49, 0x49, 0x30], b'7' => [0x01, 0x71, 0x09, 0x05, 0x03],
        b'8' => [0x36, 0x49, 0x49, 0x49, 0x36], b'9' => [0x06, 0x49, 0x49, 0x29, 0x1e],
        b':' => [0x00, 0x36, 0x36, 0x00, 0x00], b'-' => [0x08, 0x08, 0x08, 0x08, 0x08],
        b'A' => [0x7e, 0x11, 0x11, 0x11, 0x7e], b'B' => [0x7f, 0x49, 0x49, 0x49, 0x36],
        b'C' => [0x3e, 0x41, 0x41, 0x41, 0x22], b'D' => [0x7f, 0x41, 0x41, 0x22, 0x1c],
        b'E' => [0x7f, 0x49, 0x49, 0x49, 0x41], b'F' => [0x7f, 0x09, 0x09, 0x09, 0x01],
        b'G' => [0x3e, 0x41, 0x49, 0x49, 0x7a], b'H' => [0x7f, 0x08, 0x08, 0x08, 0x7f],
        b'I' => [0x00, 0x41, 0x7f, 0x41, 0x00], b'J' => [0x20, 0x40, 0x41, 0x3f, 0x01],
        b'K' => [0x7f, 0x08, 0x14, 0x22, 0x41], b'L' => [0x7f, 0x40, 0x40, 0x40, 0x40],
        b'M' => [0x7f, 0x02, 0x0c, 0x02, 0x7f], b'N' => [0x7f, 0x04, 0x08, 0x10, 0x7f],
        b'O' => [0x3e, 0x41, 0x41, 0x41, 0x3e], b'P' => [0x7f, 0x09, 0x09, 0x09, 0x06],
        b'Q' => [0x3e, 0x41, 0x51, 0x21, 0x5e], b'R' => [0x7f, 0x09, 0x19, 0x29, 0x46],
        b'S' => [0x46, 0x49, 0x49, 0x49, 0x31], b'T' => [0x01, 0x01, 0x7f, 0x01, 0x01],
        b'U' => [0x3f, 0x40, 0x40, 0x40, 0x3f], b'V' => [0x1f, 0x20, 0x40, 0x20, 0x1f],
        b'W' => [0x3f, 0x40, 0x38, 0x40, 0x3f], b'X' => [0x63, 0x14, 0x08, 0x14, 0x63],
        b'Y' => [0x07, 0x08, 0x70, 0x08, 0x07], b'Z' => [0x61, 0x51, 0x49, 0x45, 0x43],
        _ => [0; 5],
    }
}
