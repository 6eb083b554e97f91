//! Which Service stands for a Cilium Ingress: one of its own, or the one that Ingresses share.
//!
//! Cilium's chart makes the shared Service wherever the Ingress controller is on, whatever the mode
//! (install/kubernetes/cilium/templates/cilium-ingress-service.yaml), so that its existence says nothing about an Ingress.

use crate::model::kubernetes::generated::SHARED_INGRESS;
use crate::model::kubernetes::{ConfigMap, Ingress, Objects};
use crate::model::{Fact, Gap, Source};

/// The ConfigMap of Cilium's settings, in whatever namespace Cilium lives.
const CONFIG: &str = "cilium-config";
/// The key of cilium-config with the mode of Ingresses that name none.
pub const MODE_KEY: &str = "ingress-default-lb-mode";
/// The key of cilium-config with the name of the shared Service.
const NAME_KEY: &str = "ingress-shared-lb-service-name";

/// Whether an Ingress uses the shared Service.
///
/// The annotation decides, and where it is unset or neither `dedicated` nor `shared` the default of cilium-config
/// does, which is `dedicated` where the key is absent (operator/pkg/ingress/ingress_reconcile.go,
/// isEffectiveLoadbalancerModeDedicated, and cell.go).
///
/// # Errors
/// A gap when the annotation does not decide and cilium-config was not captured.
pub fn is_shared(ingress: &Ingress, config_maps: &Objects<ConfigMap>) -> Result<bool, Gap> {
    match ingress.mode() {
        Some("dedicated") => Ok(false),
        Some("shared") => Ok(true),
        _ => {
            let data = &config(config_maps)?.data;
            let default = data.get(MODE_KEY).map(String::as_str);
            Ok(!matches!(default, None | Some("dedicated")))
        }
    }
}

/// The name of the shared Service: that of cilium-config, or the chart's default where it was not captured.
pub fn shared_name(config_maps: &Objects<ConfigMap>) -> &str {
    config(config_maps)
        .ok()
        .and_then(|config| config.data.get(NAME_KEY))
        .map_or(SHARED_INGRESS, String::as_str)
}

/// The ConfigMap with these keys.
///
/// # Errors
/// A gap when it was not captured.
pub fn config(config_maps: &Objects<ConfigMap>) -> Result<&Fact<ConfigMap>, Gap> {
    let mut known = config_maps.known();
    known
        .find(|map| map.metadata.name == CONFIG)
        .ok_or_else(|| {
            let missing = || Gap::not_collected(Source::ConfigMaps, CONFIG);
            config_maps.find("", CONFIG).err().unwrap_or_else(missing)
        })
}

#[cfg(test)]
mod tests {
    use super::{MODE_KEY, NAME_KEY, is_shared, shared_name};
    use crate::model::kubernetes::{ConfigMap, Ingress, Objects};
    use crate::model::{Fact, Origin, Source};

    fn ingress(mode: Option<&str>) -> Ingress {
        let mut ingress = Ingress::default();
        let annotations = &mut ingress.metadata.annotations;
        annotations.extend(mode.map(|mode| {
            let key = "ingress.cilium.io/loadbalancer-mode".to_owned();
            (key, mode.to_owned())
        }));
        ingress
    }

    fn config(data: &[(&str, &str)]) -> Objects<ConfigMap> {
        let mut map = ConfigMap::default();
        map.metadata.name = "cilium-config".to_owned();
        map.data = data
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let mut maps = Objects::new(Source::ConfigMaps);
        maps.insert(Fact::new(map, Origin::new(Source::ConfigMaps, "test")));
        maps
    }

    #[test]
    fn the_annotation_decides_then_the_default() {
        let nothing = Objects::new(Source::ConfigMaps);
        assert_eq!(is_shared(&ingress(Some("shared")), &nothing), Ok(true));
        assert_eq!(is_shared(&ingress(Some("dedicated")), &nothing), Ok(false));
        assert!(is_shared(&ingress(None), &nothing).is_err());
        assert_eq!(is_shared(&ingress(None), &config(&[])), Ok(false));
        for (default, shared) in [("dedicated", false), ("shared", true)] {
            let maps = config(&[(MODE_KEY, default)]);
            assert_eq!(is_shared(&ingress(None), &maps), Ok(shared), "{default}");
            assert_eq!(is_shared(&ingress(Some("")), &maps), Ok(shared));
        }
    }

    #[test]
    fn the_shared_service_may_have_another_name() {
        assert_eq!(shared_name(&config(&[])), "cilium-ingress");
        assert_eq!(shared_name(&config(&[(NAME_KEY, "edge")])), "edge");
    }
}
