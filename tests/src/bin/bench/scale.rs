//! The same figures for fewer and more records and devices, as a picture: they should grow with the
//! work, and not with the history.

use std::path::Path;
use std::time::Instant;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::fleet::Fleet;
use crate::relay::Spaces;
use crate::table::Table;

/// Devices, and what each of them writes.
const BY_RECORDS: [(usize, usize); 3] = [(100, 10), (100, 100), (100, 1_000)];
const BY_DEVICES: [(usize, usize); 3] = [(10, 1_000), (100, 100), (1_000, 10)];

/// What is measured at each size, in seconds.
#[derive(Clone, Copy)]
struct Point {
    size: f64,
    storm_s: f64,
    catch_up_s: f64,
    /// All devices reconnect and have no news.
    reconnect_s: f64,
    /// Each device brings one more record: the same work on a longer history.
    one_more_s: f64,
}

/// A line of the picture: its name, its colour, and what it shows.
type Line = (&'static str, RGBColor, fn(&Point) -> f64);

/// Measures all sizes, and draws them into `picture` (SVG).
pub(crate) async fn measure(picture: &Path, table: &mut Table) {
    let mut by_records = Vec::new();
    for (devices, each) in BY_RECORDS {
        let size = (devices * each) as f64;
        by_records.push(point(devices, each, size, table).await);
    }
    let mut by_devices = Vec::new();
    for (devices, each) in BY_DEVICES {
        by_devices.push(point(devices, each, devices as f64, table).await);
    }
    let root = SVGBackend::new(picture, (1_100, 480)).into_drawing_area();
    root.fill(&WHITE).unwrap();
    let (left, right) = root.split_horizontally(550);
    draw(&left, "100 devices", "records", &by_records);
    draw(&right, "10,000 records", "devices", &by_devices);
    root.present().unwrap();
}

async fn point(devices: usize, each: usize, size: f64, table: &mut Table) -> Point {
    let mut fleet = Fleet::enrol(devices, 1, Spaces::Apart).await;
    fleet.write(each, |_, _, _| {});
    let storm_s = sync_all(&mut fleet).await;
    fleet.assert_acknowledged();
    let reconnect_s = sync_all(&mut fleet).await;
    fleet.write(1, |_, _, _| {});
    let one_more_s = sync_all(&mut fleet).await;
    let mut supervisor = fleet.invite(devices, "supervisor").await;
    let begun = Instant::now();
    supervisor.sync().await;
    let catch_up_s = begun.elapsed().as_secs_f64();
    assert_eq!(supervisor.held(), (devices * (each + 1)) as u64);
    let mut put = |what: &str, value: f64| {
        table.put(&format!("{devices} devices × {each}: {what}"), "s", value);
    };
    put("storm", storm_s);
    put("reconnect", reconnect_s);
    put("one more record each", one_more_s);
    put("catch-up", catch_up_s);
    Point {
        size,
        storm_s,
        catch_up_s,
        reconnect_s,
        one_more_s,
    }
}

async fn sync_all(fleet: &mut Fleet) -> f64 {
    let begun = Instant::now();
    fleet.sync_all().await;
    begun.elapsed().as_secs_f64()
}

fn draw(area: &DrawingArea<SVGBackend<'_>, Shift>, title: &str, axis: &str, points: &[Point]) {
    let sizes = points[0].size..points[points.len() - 1].size;
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .margin_right(28)
        .x_label_area_size(42)
        .y_label_area_size(56)
        .build_cartesian_2d(sizes.log_scale(), (0.01..100.0).log_scale())
        .unwrap();
    chart
        .configure_mesh()
        .x_desc(axis)
        .y_desc("seconds")
        .x_label_formatter(&|size| grouped(*size))
        .y_label_formatter(&|seconds| format!("{seconds}"))
        .draw()
        .unwrap();
    let lines: [Line; 4] = [
        ("storm", RGBColor(200, 30, 30), |point| point.storm_s),
        ("catch-up of all", RGBColor(30, 90, 200), |point| {
            point.catch_up_s
        }),
        ("one more record each", RGBColor(30, 140, 60), |point| {
            point.one_more_s
        }),
        ("reconnect, no news", RGBColor(120, 120, 120), |point| {
            point.reconnect_s
        }),
    ];
    for (name, colour, value) in lines {
        let line = points.iter().map(|point| (point.size, value(point)));
        chart
            .draw_series(LineSeries::new(line.clone(), colour.stroke_width(2)))
            .unwrap()
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        chart
            .draw_series(line.map(|at| Circle::new(at, 4, colour.filled())))
            .unwrap();
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.85))
        .position(SeriesLabelPosition::UpperLeft)
        .draw()
        .unwrap();
}

/// A whole number as people read it: `10,000`.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
