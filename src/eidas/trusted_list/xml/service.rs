//! The services of a provider.

use roxmltree::Node;

use super::super::{Period, Service, Status};
use super::document::{children, only, optional, value, value_of};
use super::list::time;
use super::{TSL, XmlError, extension, id};

/// All services of a provider, in the order of the list.
pub(super) fn of_provider(
    provider: Node<'_, '_>,
    territory: &str,
) -> Result<Vec<Service>, XmlError> {
    let information = only(provider, TSL, "TSPInformation")?;
    let name = name(information, "TSPName")?;
    let services = only(provider, TSL, "TSPServices")?;
    children(services, TSL, "TSPService").map(|service| read(service, &name, territory)).collect()
}

fn read(service: Node<'_, '_>, provider: &str, territory: &str) -> Result<Service, XmlError> {
    let information = only(service, TSL, "ServiceInformation")?;
    let kind = value_of(information, TSL, "ServiceTypeIdentifier")?;
    let mut history = vec![period(information)?];
    if let Some(past) = optional(service, TSL, "ServiceHistory")? {
        for instance in children(past, TSL, "ServiceHistoryInstance") {
            let mut period = period(instance)?;
            // 5.6.1: a service keeps its type through its history.
            if value_of(instance, TSL, "ServiceTypeIdentifier")? != kind {
                period.unreliable = Some("it was of another type".to_owned());
            }
            history.push(period);
        }
    }
    Ok(Service {
        territory: territory.to_owned(),
        provider: provider.to_owned(),
        name: name(information, "ServiceName")?,
        identities: id::read(information)?,
        kind,
        history,
    })
}

/// What a service is since a time: the current information, or an instance of the history.
fn period(information: Node<'_, '_>) -> Result<Period, XmlError> {
    let status = value_of(information, TSL, "ServiceStatus")?;
    let name = status.strip_prefix(STATUS).unwrap_or(&status).to_owned();
    let since = value_of(information, TSL, "StatusStartingTime")?;
    let mut period = Period {
        status: Status::from(name),
        since: time(&since, "StatusStartingTime")?,
        purposes: Vec::new(),
        root: false,
        qualifications: Default::default(),
        unreliable: None,
    };
    if let Some(extensions) = optional(information, TSL, "ServiceInformationExtensions")? {
        for extension in children(extensions, TSL, "Extension") {
            extension::read(extension, &mut period);
        }
    }
    Ok(period)
}

/// The English name, or the first one.
fn name(parent: Node<'_, '_>, name: &'static str) -> Result<String, XmlError> {
    let names = only(parent, TSL, name)?;
    let english = |node: &Node<'_, '_>| node.attribute((XML, "lang")) == Some("en");
    let found = children(names, TSL, "Name").find(english);
    let found = found.or_else(|| children(names, TSL, "Name").next());
    value(found.ok_or(XmlError::Missing("Name"))?, name)
}

const STATUS: &str = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
