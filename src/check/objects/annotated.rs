//! Services of tests, with annotations of load balancers by their short names.

use crate::model::kubernetes::Service;
use serde_json::Value;

/// The Service of `object` with `service.beta.kubernetes.io/aws-load-balancer-<name>` for each of `annotations`.
pub fn service(object: Value, annotations: &[(&str, &str)]) -> Service {
    let mut service: Service = serde_json::from_value(object).unwrap();
    for (name, value) in annotations {
        let key = format!("service.beta.kubernetes.io/aws-load-balancer-{name}");
        service
            .metadata
            .annotations
            .insert(key, (*value).to_owned());
    }
    service
}
