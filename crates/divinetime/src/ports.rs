//! The addresses that the services of one process listen at.

use std::io;
use std::net::{SocketAddr, TcpListener};

use clap::Args;
use service::SERVICES;

/// One port for each service.
#[derive(Debug, Clone, Args)]
pub struct Ports {
    /// Port of identity, 0 for a free one
    #[arg(
        long = "identity-port",
        env = "DIVINETIME_IDENTITY_PORT",
        default_value_t = 7101,
        value_name = "PORT"
    )]
    identity: u16,
    /// Port of scheduling, 0 for a free one
    #[arg(
        long = "scheduling-port",
        env = "DIVINETIME_SCHEDULING_PORT",
        default_value_t = 7102,
        value_name = "PORT"
    )]
    scheduling: u16,
    /// Port of ticketing, 0 for a free one
    #[arg(
        long = "ticketing-port",
        env = "DIVINETIME_TICKETING_PORT",
        default_value_t = 7103,
        value_name = "PORT"
    )]
    ticketing: u16,
    /// Port of payments, 0 for a free one
    #[arg(
        long = "payments-port",
        env = "DIVINETIME_PAYMENTS_PORT",
        default_value_t = 7104,
        value_name = "PORT"
    )]
    payments: u16,
    /// Port of analytics, 0 for a free one
    #[arg(
        long = "analytics-port",
        env = "DIVINETIME_ANALYTICS_PORT",
        default_value_t = 7105,
        value_name = "PORT"
    )]
    analytics: u16,
}

/// A port cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Another program has it.
    #[error(
        "Port {port} of {service} is taken by another program: choose another with --{service}-port, or 0 for a free one."
    )]
    Taken {
        port: u16,
        /// Whose it should be.
        service: &'static str,
    },
    /// The system refuses it.
    #[error(
        "Port {port} of {service} cannot be listened at ({source}): choose another with --{service}-port."
    )]
    Refused {
        port: u16,
        /// Whose it should be.
        service: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

impl Ports {
    /// Listens at each of them on 127.0.0.1.
    pub fn listen(&self) -> Result<Vec<(&'static str, TcpListener)>, PortError> {
        SERVICES
            .iter()
            .map(|(service, _)| {
                let port = self.of(service);
                listen(SocketAddr::from(([127, 0, 0, 1], port)))
                    .map(|listener| (*service, listener))
                    .map_err(|source| match source.kind() {
                        io::ErrorKind::AddrInUse => PortError::Taken { port, service },
                        _ => PortError::Refused {
                            port,
                            service,
                            source,
                        },
                    })
            })
            .collect()
    }

    fn of(&self, service: &str) -> u16 {
        match service {
            "identity" => self.identity,
            "scheduling" => self.scheduling,
            "ticketing" => self.ticketing,
            "payments" => self.payments,
            _ => self.analytics,
        }
    }
}

/// A listener for tokio.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(scheduling: u16) -> Ports {
        Ports {
            identity: 0,
            scheduling,
            ticketing: 0,
            payments: 0,
            analytics: 0,
        }
    }

    #[test]
    fn free_ports_are_found_for_all_services() {
        let listeners = ports(0).listen().unwrap();
        assert_eq!(listeners.len(), 5);
        assert!(
            listeners
                .iter()
                .all(|(_, listener)| listener.local_addr().unwrap().port() != 0)
        );
    }

    #[test]
    fn a_taken_port_is_named_with_its_service_and_the_option_that_changes_it() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = other.local_addr().unwrap().port();
        let error = ports(port).listen().unwrap_err().to_string();
        assert!(
            error.contains(&format!("Port {port} of scheduling is taken")),
            "{error}"
        );
        assert!(error.contains("--scheduling-port"), "{error}");
    }
}
