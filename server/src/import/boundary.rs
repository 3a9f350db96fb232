//! Boundaries as programs for maps save them: GeoJSON (RFC 7946). A record keeps the geometry alone.

use serde_json::Value;

/// The polygon that a text says, as a record keeps it: its geometry, a feature of it, or a
/// collection of one feature. Nothing where it says something else.
pub(super) fn polygon(text: &str) -> Option<String> {
    let said: Value = serde_json::from_str(text).ok()?;
    let feature = match kind(&said)? {
        "FeatureCollection" => match said["features"].as_array()?.as_slice() {
            [only] => only,
            _ => return None,
        },
        _ => &said,
    };
    let geometry = match kind(feature)? {
        "Feature" => &feature["geometry"],
        _ => feature,
    };
    let coordinates = &geometry["coordinates"];
    let is_polygon = match kind(geometry)? {
        "Polygon" => are(coordinates, is_ring),
        "MultiPolygon" => are(coordinates, |rings| are(rings, is_ring)),
        _ => false,
    };
    is_polygon.then(|| geometry.to_string())
}

fn kind(said: &Value) -> Option<&str> {
    said["type"].as_str()
}

/// Whether it is a list, not empty, of such things.
fn are(list: &Value, is_one: impl Fn(&Value) -> bool) -> bool {
    let list = list.as_array();
    list.is_some_and(|list| !list.is_empty() && list.iter().all(is_one))
}

/// Whether it is a ring: four points at least, the last the first again.
fn is_ring(ring: &Value) -> bool {
    let Some(points) = ring.as_array() else {
        return false;
    };
    let is_point = |point: &Value| point[0].is_number() && point[1].is_number();
    points.len() >= 4 && points.first() == points.last() && points.iter().all(is_point)
}

#[cfg(test)]
mod tests {
    use super::polygon;

    #[test]
    fn a_polygon_is_taken_out_of_whatever_it_came_in() {
        let geometry = r#"{"coordinates":[[[112.1,34.6],[112.2,34.6],[112.2,34.7],[112.1,34.6]]],"type":"Polygon"}"#;
        let feature = format!(r#"{{"type":"Feature","properties":{{}},"geometry":{geometry}}}"#);
        let collection = format!(r#"{{"type":"FeatureCollection","features":[{feature}]}}"#);
        let kept = polygon(geometry);
        assert!(kept.is_some());
        for text in [feature.clone(), collection] {
            assert_eq!(polygon(&text), kept, "{text}");
        }
        let two = format!(r#"{{"type":"FeatureCollection","features":[{feature},{feature}]}}"#);
        let open = geometry.replace(",[112.1,34.6]]]", ",[112.3,34.8]]]");
        let line = geometry.replace("Polygon", "LineString");
        for text in [&two, &open, &line, "", "北区", "7", r#"{"type":"Polygon"}"#] {
            assert_eq!(polygon(text), None, "{text}");
        }
    }
}
