//! Values that Cilium versions print in different JSON shapes.

use crate::model::cilium::{FrontendKey, Scope};
use crate::parse::cilium::address::{frontend_key, protocol_name};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;

/// `"10.96.50.104:80/TCP"` from 1.19 on, `{AddrCluster, Protocol, Port, Scope}` in 1.18.
pub(super) struct Address(pub(super) FrontendKey);

/// `"ns/name"` from 1.19 on, `{Namespace, Name, Cluster}` in 1.18.
#[derive(Default)]
pub(super) struct Name(pub(super) String);

/// A list of `T`, or a map to `T` (1.21), in order of the keys.
pub(super) struct Items<T>(pub(super) Vec<(Option<String>, T)>);

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AddressObject {
    addr_cluster: IpAddr,
    #[serde(default)]
    protocol: String,
    #[serde(default)]
    port: u16,
    #[serde(default)]
    scope: u8,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NameObject {
    #[serde(default)]
    namespace: String,
    name: String,
    #[serde(default)]
    cluster: String,
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(TextOr::<AddressObject>(PhantomData))? {
            Either::Text(text) => frontend_key(&text).map(Self).ok_or_else(|| {
                serde::de::Error::custom(format_args!("{text:?} is no address:port/protocol"))
            }),
            Either::Object(object) => Ok(Self(FrontendKey {
                address: object.addr_cluster,
                port: object.port,
                protocol: protocol_name(&object.protocol),
                scope: match object.scope {
                    0 => Scope::External,
                    _ => Scope::Internal,
                },
            })),
        }
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(
            match deserializer.deserialize_any(TextOr::<NameObject>(PhantomData))? {
                Either::Text(text) => Self(text),
                Either::Object(object) => {
                    let parts = [object.cluster, object.namespace, object.name];
                    let parts: Vec<String> =
                        parts.into_iter().filter(|part| !part.is_empty()).collect();
                    Self(parts.join("/"))
                }
            },
        )
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListOrMap(PhantomData))
    }
}

enum Either<T> {
    Text(String),
    Object(T),
}

struct TextOr<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for TextOr<T> {
    type Value = Either<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an object")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Either::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Either::Object)
    }
}

struct ListOrMap<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListOrMap<T> {
    type Value = Items<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or a map")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Items::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        let items = Vec::<T>::deserialize(SeqAccessDeserializer::new(seq))?;
        Ok(Items(items.into_iter().map(|item| (None, item)).collect()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let items = BTreeMap::<String, T>::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Items(
            items
                .into_iter()
                .map(|(key, item)| (Some(key), item))
                .collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Items, Name};
    use crate::model::cilium::Scope;

    #[test]
    fn addresses_of_1_18_and_later() {
        let old = r#"{"AddrCluster": "fd00::1", "Protocol": "TCP", "Port": 80, "Scope": 1}"#;
        let old: Address = serde_json::from_str(old).unwrap();
        let new: Address = serde_json::from_str(r#""[fd00::1]:80/TCP/i""#).unwrap();
        assert_eq!(old.0, new.0);
        assert_eq!(new.0.scope, Scope::Internal);
        assert!(serde_json::from_str::<Address>(r#"{"AddrCluster": {}}"#).is_err());
        assert!(serde_json::from_str::<Address>("\"nowhere\"").is_err());
    }

    #[test]
    fn names_and_lists() {
        let name: Name =
            serde_json::from_str(r#"{"Namespace": "a", "Name": "b", "Cluster": ""}"#).unwrap();
        assert_eq!(name.0, "a/b");
        let list: Items<u8> = serde_json::from_str("[1, 2]").unwrap();
        let map: Items<u8> = serde_json::from_str(r#"{"y": 2, "x": 1}"#).unwrap();
        let none: Items<u8> = serde_json::from_str("null").unwrap();
        assert_eq!((list.0.len(), none.0.len()), (2, 0));
        assert_eq!(
            map.0,
            [(Some("x".to_owned()), 1), (Some("y".to_owned()), 2)]
        );
    }
}
