//! Makes a picture smaller, by Catmull and Rom's filter, row by row. It is a crate of its own so
//! that `[profile.mobile]` can have it fast while all else that a phone carries is small: the
//! libraries for this are generic, are therefore compiled with whoever calls them, and weighed a
//! twentieth of the whole in variants for each processor and precision.

/// Bytes of a pixel: red, green and blue.
const CHANNELS: usize = 3;
/// What the weights of a pixel add up to, as a power of two.
const BITS: u32 = 14;
/// Half of it, so that sums are rounded and not cut.
const HALF: i32 = 1 << (BITS - 1);

/// How wide and how high, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// The picture in another size, no larger than it is; nothing where `pixels` is not `from` in size,
/// three bytes for each pixel.
pub fn reduce(pixels: &[u8], from: Size, to: Size) -> Option<Vec<u8>> {
    let bytes = |size: Size| size.width.checked_mul(size.height)?.checked_mul(CHANNELS);
    let is_smaller = (1..=from.width).contains(&to.width) && (1..=from.height).contains(&to.height);
    if bytes(from)? != pixels.len() || !is_smaller {
        return None;
    }
    let across = taps(from.width, to.width);
    let stride = from.width * CHANNELS;
    let (mut sums, mut row) = (vec![0; stride], vec![0; stride]);
    let mut reduced = Vec::with_capacity(bytes(to)?);
    for rows in taps(from.height, to.height) {
        sums.fill(HALF);
        let lines = pixels[rows.first * stride..].chunks_exact(stride);
        for (line, weight) in lines.zip(&rows.weights) {
            for (sum, value) in sums.iter_mut().zip(line) {
                *sum += i32::from(*value) * i32::from(*weight);
            }
        }
        for (value, sum) in row.iter_mut().zip(&sums) {
            *value = whole(*sum);
        }
        for columns in &across {
            let mut sums = [HALF; CHANNELS];
            let pixels = row[columns.first * CHANNELS..].chunks_exact(CHANNELS);
            for (pixel, weight) in pixels.zip(&columns.weights) {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += i32::from(*value) * i32::from(*weight);
                }
            }
            reduced.extend(sums.map(whole));
        }
    }
    Some(reduced)
}

/// The byte that a sum comes to.
fn whole(sum: i32) -> u8 {
    u8::try_from((sum >> BITS).clamp(0, 255)).unwrap_or(u8::MAX)
}

/// Of which pixels in a row, or rows, one of the smaller picture is made.
struct Taps {
    first: usize,
    weights: Vec<i16>,
}

/// The taps of each pixel when `from` are made into `to`.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // lengths of pictures
#[allow(clippy::cast_sign_loss)] // none is below zero
fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    let tap = |at: usize| {
        let centre = (at as f64 + 0.5) * scale;
        let first = (centre - 2.0 * scale).max(0.0) as usize;
        let end = ((centre + 2.0 * scale).ceil() as usize).min(from);
        let weight = |pixel: usize| catmull_rom((pixel as f64 + 0.5 - centre) / scale);
        let sum: f64 = (first..end).map(weight).sum();
        let whole = f64::from(1 << BITS);
        let mut weights: Vec<i16> = (first..end)
            .map(|pixel| (weight(pixel) / sum * whole).round() as i16)
            .collect();
        // What rounding left over goes to the nearest, so that an even surface stays as it is.
        let total: i32 = weights.iter().copied().map(i32::from).sum();
        if let Some(largest) = weights.iter_mut().max() {
            *largest += ((1 << BITS) - total) as i16;
        }
        Taps { first, weights }
    };
    (0..to).map(tap).collect()
}

/// The filter, at a distance in pixels of the smaller picture.
fn catmull_rom(distance: f64) -> f64 {
    let x = distance.abs();
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < 2.0 {
        ((2.5 - 0.5 * x) * x - 4.0) * x + 2.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn size(width: usize, height: usize) -> Size {
        Size { width, height }
    }

    #[test]
    fn an_even_surface_stays_as_it_is() {
        let even: Vec<u8> = [7, 128, 255].repeat(97 * 61);
        for to in [size(97, 61), size(96, 60), size(31, 61), size(1, 1)] {
            let reduced = reduce(&even, size(97, 61), to).unwrap();
            assert_eq!(
                reduced,
                [7, 128, 255].repeat(to.width * to.height),
                "{to:?}"
            );
        }
    }

    #[test]
    fn an_edge_stays_where_it_is_and_as_sharp_as_it_can_be() {
        let (width, height) = (300, 20);
        let line: Vec<u8> = (0..width)
            .flat_map(|x| if x < 150 { [0, 0, 0] } else { [200, 100, 50] })
            .collect();
        let reduced = reduce(&line.repeat(height), size(width, height), size(100, 7)).unwrap();
        for row in reduced.chunks_exact(300) {
            let red: Vec<u8> = row.iter().step_by(3).copied().collect();
            assert!(red[..47].iter().all(|value| *value == 0), "{red:?}");
            assert!(red[53..].iter().all(|value| *value == 200), "{red:?}");
            assert!(red[49] < 60 && red[50] > 140, "{red:?}");
        }
    }

    #[test]
    fn turned_by_a_quarter_it_is_reduced_to_the_same() {
        let value = |x: usize, y: usize| u8::try_from((x * 37 + y * 91 + x * y) % 256).unwrap();
        let picture = |width: usize, height: usize, is_turned: bool| -> Vec<u8> {
            let at = |x, y| if is_turned { value(y, x) } else { value(x, y) };
            let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
            pixels.flat_map(|(x, y)| [at(x, y); 3]).collect()
        };
        let upright = reduce(&picture(64, 48, false), size(64, 48), size(40, 30)).unwrap();
        let turned = reduce(&picture(48, 64, true), size(48, 64), size(30, 40)).unwrap();
        for (x, y) in (0..40).flat_map(|x| (0..30).map(move |y| (x, y))) {
            let [one, other] = [upright[(y * 40 + x) * 3], turned[(x * 30 + y) * 3]];
            // Rows are rounded before columns.
            assert!(one.abs_diff(other) <= 2, "{x} {y}: {one} {other}");
        }
    }

    #[test]
    fn what_does_not_fit_is_nothing() {
        assert_eq!(reduce(&[0; 11], size(2, 2), size(1, 1)), None);
        assert_eq!(reduce(&[0; 12], size(2, 2), size(3, 2)), None);
        assert_eq!(reduce(&[0; 12], size(2, 2), size(0, 2)), None);
        assert_eq!(reduce(&[], size(usize::MAX, 2), size(1, 1)), None);
    }
}
