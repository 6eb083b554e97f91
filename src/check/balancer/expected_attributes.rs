//! The attributes that the AWS Load Balancer Controller sets on the load balancer of a Service.
//!
//! An annotation of one attribute wins over the list of attributes (pkg/service/model_build_load_balancer.go,
//! buildLoadBalancerAttributes and getAnnotationSpecificLbAttributes; pkg/algorithm/maps.go, MergeStringMap).

use crate::check::objects::declared::{annotated, pairs};
use crate::check::objects::go_bool;
use crate::model::kubernetes::Service;
use std::collections::BTreeMap;

/// Whether every node of the load balancer sends to the targets of all zones.
pub(super) const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";

/// Whether access logs are written to S3.
const ACCESS_LOGS: &str = "access_logs.s3.enabled";

/// The attributes that annotations declare, by name: the value, and the field of the annotation that decides it.
///
/// A word that is no boolean makes the controller stop, so it declares nothing.
pub(super) fn attributes(service: &Service) -> BTreeMap<String, (String, String)> {
    let mut all = BTreeMap::new();
    if let Some((by, text)) = annotated(service, "aws-load-balancer-attributes") {
        let said = pairs(text);
        all.extend(said.map(|(key, value)| (key.to_owned(), (value.to_owned(), by.clone()))));
    }
    if let Some((by, text)) = annotated(service, "aws-load-balancer-access-log-enabled") {
        match go_bool::parse(text) {
            Some(true) => {
                all.insert(ACCESS_LOGS.to_owned(), ("true".to_owned(), by));
                for (key, name) in [
                    ("access_logs.s3.bucket", "bucket-name"),
                    ("access_logs.s3.prefix", "bucket-prefix"),
                ] {
                    let name = format!("aws-load-balancer-access-log-s3-{name}");
                    let said = annotated(service, &name);
                    all.extend(said.map(|(by, text)| (key.to_owned(), (text.to_owned(), by))));
                }
            }
            // Only the list of attributes switches them off.
            Some(false) => {}
            None => {
                all.remove(ACCESS_LOGS);
            }
        }
    }
    if let Some((by, text)) = annotated(
        service,
        "aws-load-balancer-cross-zone-load-balancing-enabled",
    ) {
        all.remove(CROSS_ZONE);
        let wanted = go_bool::parse(text).map(|wanted| (wanted.to_string(), by));
        all.extend(wanted.map(|wanted| (CROSS_ZONE.to_owned(), wanted)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::attributes;
    use crate::check::objects::annotated;
    use serde_json::json;

    fn of(annotations: &[(&str, &str)]) -> Vec<String> {
        let service = annotated::service(json!({}), annotations);
        let all = attributes(&service).into_iter();
        all.map(|(key, (value, _))| format!("{key}={value}"))
            .collect()
    }

    #[test]
    fn an_annotation_of_one_attribute_wins_over_the_list() {
        let off = ("attributes", "load_balancing.cross_zone.enabled=false,a=1");
        let zones = "cross-zone-load-balancing-enabled";
        let [a, on] = ["a=1", "load_balancing.cross_zone.enabled=true"];
        assert_eq!(of(&[off, (zones, "True")]), [a, on]);
        assert_eq!(of(&[off, (zones, "yes")]), [a]);
    }

    #[test]
    fn access_logs_are_switched_on_and_never_off() {
        let listed = (
            "attributes",
            "access_logs.s3.enabled=true,access_logs.s3.bucket=a",
        );
        let bucket = ("access-log-s3-bucket-name", "b");
        let [in_a, in_b, on] = [
            "access_logs.s3.bucket=a",
            "access_logs.s3.bucket=b",
            "access_logs.s3.enabled=true",
        ];
        assert_eq!(of(&[listed, bucket]), [in_a, on]);
        assert_eq!(
            of(&[listed, bucket, ("access-log-enabled", "1")]),
            [in_b, on]
        );
        assert_eq!(
            of(&[listed, bucket, ("access-log-enabled", "0")]),
            [in_a, on]
        );
    }
}
