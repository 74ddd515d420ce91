//! The data directory: what lies where.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use eventsourcing::personal::LocalMasterKey;
use ring::rand::{SecureRandom as _, SystemRandom};
use service::{MasterKeyText, auth::KeyPair};
use uuid::Uuid;

use super::account::Account;
use super::error::{EmbeddedError, unwritable};

/// Where the servers' data go when root's folders are closed to the user that they run as.
const OPEN_PLACE: &str = "/var/lib/divinetime";

/// The data directory of one `up`, `.divinetime` by default.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// The directory, made if it is not there, readable by its owner alone (and passable, for
    /// the servers).
    pub fn open(root: &Path) -> Result<Self, EmbeddedError> {
        let made = fs::create_dir_all(root)
            .and_then(|()| root.canonicalize())
            .and_then(|root| {
                fs::set_permissions(&root, fs::Permissions::from_mode(0o711))?;
                make_private_dir(&root.join("keys"))?;
                Ok(root)
            });
        match made {
            Ok(root) => Ok(Self { root }),
            Err(source) => Err(EmbeddedError::Unwritable {
                path: root.to_owned(),
                source,
            }),
        }
    }

    /// The same without making or changing anything; `None` where there is no data directory.
    pub fn existing(root: &Path) -> Option<Self> {
        root.canonicalize()
            .ok()
            .filter(|root| root.is_dir())
            .map(|root| Self { root })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file that the running `up` holds locked.
    pub fn lock_file(&self) -> PathBuf {
        self.root.join("up.lock")
    }

    /// Name and password of the local administrator, which `demo` works as.
    pub fn admin_file(&self) -> PathBuf {
        self.root.join("keys/admin.json")
    }

    /// The key that signs the tokens of services, made on the first call.
    pub fn service_key(&self) -> Result<KeyPair, EmbeddedError> {
        let path = self.root.join("keys/service.key");
        let text = secret(&path, || {
            KeyPair::generate()
                .map(|pair| pair.to_text())
                .map_err(|_| EmbeddedError::NoRandomness)
        })?;
        KeyPair::from_text(&text)
            .map_err(|error| unwritable(&path)(io::Error::new(io::ErrorKind::InvalidData, error)))
    }

    /// The key that seals the keys of personal data, made on the first call.
    pub fn master_key(&self) -> Result<MasterKeyText, EmbeddedError> {
        let path = self.root.join("keys/master.key");
        let text = secret(&path, || {
            LocalMasterKey::generate()
                .map(|key| STANDARD.encode(key.expose()))
                .map_err(|_| EmbeddedError::NoRandomness)
        })?;
        MasterKeyText::parse(&text).ok_or_else(|| {
            let reason = "expected the base64 of 32 bytes";
            unwritable(&path)(io::Error::new(io::ErrorKind::InvalidData, reason))
        })
    }

    /// Where `up` writes mail and text messages when no mail server is set.
    pub fn mail_dir(&self) -> PathBuf {
        self.root.join("mail")
    }

    /// A password by name, made on the first call.
    pub fn password(&self, name: &str) -> Result<String, EmbeddedError> {
        secret(
            &self.root.join("keys").join(format!("{name}.password")),
            random_password,
        )
    }

    /// The folder of a server, owned by the user it runs as.
    pub fn server_dir(
        &self,
        name: &str,
        account: Option<Account>,
    ) -> Result<PathBuf, EmbeddedError> {
        let path = self.root.join(name);
        let made = if path.exists() {
            path.canonicalize()
        } else if account.is_some_and(|account| !account.can_enter(&self.root)) {
            make_open_dir(name, &path)
        } else {
            make_private_dir(&path).map(|()| path.clone())
        };
        made.and_then(|dir| {
            if let Some(account) = account {
                account.own(&dir)?;
            }
            Ok(dir)
        })
        .map_err(unwritable(&path))
    }
}

/// A folder outside of the data directory, with a link to it inside.
fn make_open_dir(name: &str, link: &Path) -> io::Result<PathBuf> {
    // A link whose target is gone is in the way of the new one.
    match fs::remove_file(link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let dir = Path::new(OPEN_PLACE).join(format!("{name}-{}", Uuid::now_v7()));
    fs::create_dir_all(OPEN_PLACE)?;
    make_private_dir(&dir)?;
    symlink(&dir, link)?;
    Ok(dir)
}

/// A secret in a file, made when there is none.
fn secret(
    path: &Path,
    make: impl FnOnce() -> Result<String, EmbeddedError>,
) -> Result<String, EmbeddedError> {
    match read(path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(unwritable(path)(error));
        }
        _ => {}
    }
    let text = make()?;
    write_private(path, &text).map_err(unwritable(path))?;
    Ok(text)
}

/// 32 random hexadecimal digits.
pub fn random_password() -> Result<String, EmbeddedError> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| EmbeddedError::NoRandomness)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// Writes a file that its owner alone may read, whole or not at all.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = create_private(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// Creates or empties a file that its owner alone may read.
pub fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

fn make_private_dir(path: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_passwords_are_made_once_and_read_by_their_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(&dir.path().join("data")).unwrap();
        let first = home.service_key().unwrap();
        assert_eq!(first.public_key(), home.service_key().unwrap().public_key());
        assert_eq!(
            home.password("nats").unwrap(),
            home.password("nats").unwrap()
        );
        let mode = home
            .root()
            .join("keys/service.key")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let mode = home
            .root()
            .join("keys")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_data_directory_that_cannot_be_made_is_named_in_the_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Home::open(&file.join("data")).unwrap_err().to_string();
        assert!(error.contains("file/data cannot be written"), "{error}");
        assert!(error.contains("--data-dir"), "{error}");
    }
}
