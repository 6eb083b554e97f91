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

/// The annotation of this attribute alone, which both controllers read.
const OF_CROSS_ZONE: &str = "aws-load-balancer-cross-zone-load-balancing-enabled";

/// The annotation that switches access logs, which both controllers read.
const OF_ACCESS_LOGS: &str = "aws-load-balancer-access-log-enabled";

/// The attributes that annotations declare, by name: the value, and the field of the annotation that decides it.
///
/// # Errors
/// The annotation whose word is no boolean, which makes the controller stop.
pub(in crate::check) fn attributes(
    service: &Service,
) -> Result<BTreeMap<String, (String, String)>, String> {
    let mut all = BTreeMap::new();
    if let Some((by, text)) = annotated(service, "aws-load-balancer-attributes") {
        let said = pairs(text);
        all.extend(said.map(|(key, value)| (key.to_owned(), (value.to_owned(), by.clone()))));
    }
    // Only the list of attributes switches them off.
    if let Some((true, by)) = boolean(OF_ACCESS_LOGS, annotated(service, OF_ACCESS_LOGS))? {
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
    if let Some((wanted, by)) = boolean(OF_CROSS_ZONE, annotated(service, OF_CROSS_ZONE))? {
        all.insert(CROSS_ZONE.to_owned(), (wanted.to_string(), by));
    }
    Ok(all)
}

/// Whether cloud-provider-aws is to have targets shared between zones, and the field that says so. It reads one
/// annotation for that, and without it writes `false` (pkg/providers/v1/aws_loadbalancer.go, reconcileLBAttributes).
///
/// # Errors
/// The annotation whose word is no boolean: with one it changes no attribute.
pub(super) fn cross_zone(service: &Service) -> Result<(bool, Option<String>), String> {
    let said = |name| {
        boolean(
            name,
            annotated(service, name).filter(|(_, text)| !text.is_empty()),
        )
    };
    let wanted = said(OF_CROSS_ZONE)?;
    said(OF_ACCESS_LOGS)?;
    Ok(wanted.map_or((false, None), |(wanted, by)| (wanted, Some(by))))
}

/// The boolean of an annotation with its field; in error the annotation whose word is none.
fn boolean(name: &str, said: Option<(String, &str)>) -> Result<Option<(bool, String)>, String> {
    said.map(|(by, text)| match go_bool::parse(text) {
        Some(wanted) => Ok((wanted, by)),
        None => Err(format!("{name}={text}")),
    })
    .transpose()
}

#[cfg(test)]
mod tests {
    use super::{attributes, cross_zone};
    use crate::check::objects::annotated;
    use serde_json::json;

    fn of(annotations: &[(&str, &str)]) -> Vec<String> {
        let service = annotated::service(json!({}), annotations);
        let all = attributes(&service).unwrap().into_iter();
        all.map(|(key, (value, _))| format!("{key}={value}"))
            .collect()
    }

    #[test]
    fn a_word_that_is_no_boolean_is_refused() {
        let [zones, logs] = ["cross-zone-load-balancing-enabled", "access-log-enabled"];
        for (name, by_both) in [(zones, "yes"), (logs, "on")] {
            let service = annotated::service(json!({}), &[(name, by_both)]);
            let said = format!("aws-load-balancer-{name}={by_both}");
            assert_eq!(attributes(&service), Err(said.clone()));
            assert_eq!(cross_zone(&service), Err(said));
        }
        let empty = annotated::service(json!({}), &[(zones, "")]);
        assert_eq!(cross_zone(&empty), Ok((false, None)));
    }

    #[test]
    fn an_annotation_of_one_attribute_wins_over_the_list() {
        let off = ("attributes", "load_balancing.cross_zone.enabled=false,a=1");
        let zones = "cross-zone-load-balancing-enabled";
        let [a, on] = ["a=1", "load_balancing.cross_zone.enabled=true"];
        assert_eq!(of(&[off, (zones, "True")]), [a, on]);
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
