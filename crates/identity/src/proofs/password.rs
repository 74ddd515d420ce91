//! Passwords: their limits, and their hashing beside the async threads.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, thread};

use argon2::password_hash::{Output, ParamsString, PasswordHash, Salt, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use ring::rand::{SecureRandom, SystemRandom};
use thread_priority::ThreadPriority;
#[cfg(target_os = "linux")]
use thread_priority::{NormalThreadSchedulePolicy, ThreadSchedulePolicy};
use tokio::sync::oneshot;
use values::text;

/// OWASP's parameters for argon2id: memory in KiB, passes, lanes.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_LENGTH: usize = 16;
/// This many passwords may wait for a thread; further ones are refused.
const MAX_WAITING: usize = 256;

/// A password on its way to being hashed. It never prints.
#[derive(Clone)]
pub struct Password(String);

/// A password is too short or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 12 to 128 characters")]
pub struct PasswordError;

impl Password {
    /// The fewest characters of a new password.
    pub const MIN_LENGTH: usize = 12;
    /// The most characters of any password.
    pub const MAX_LENGTH: usize = 128;

    /// A new password, 12 to 128 characters in the form in which passwords are compared.
    pub fn chosen(typed: &str) -> Result<Self, PasswordError> {
        let password = Self::offered(typed)?;
        if password.0.chars().count() < Self::MIN_LENGTH {
            return Err(PasswordError);
        }
        Ok(password)
    }

    /// A password offered as proof: at most 128 characters.
    pub fn offered(typed: &str) -> Result<Self, PasswordError> {
        // Hardly anything is composed of so many bytes: what is longer is not looked at.
        if typed.is_empty() || typed.len() > Self::MAX_LENGTH * 32 {
            return Err(PasswordError);
        }
        let password = text::password(typed);
        if password.chars().count() > Self::MAX_LENGTH {
            return Err(PasswordError);
        }
        Ok(Self(password))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[password]")
    }
}

/// Hashes and verifies passwords with argon2id on threads of their own, which leave a processor
/// to the rest and give way to it on the others. Cheap to clone; the threads end with the last
/// clone.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    queue: SyncSender<Job>,
    /// The hash with which an offered password is compared when there is no account.
    nobody: Arc<str>,
}

/// Work for a thread, which gets the working memory of that thread.
type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// Why a password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    #[error("too many passwords wait to be hashed")]
    Overloaded,
    /// A stored hash is unreadable, or the machine gave no memory or randomness.
    #[error("a password could not be hashed: {0}")]
    Failed(String),
}

impl Passwords {
    /// Starts the threads, one fewer than there are processors.
    pub fn new() -> Result<Self, HashingError> {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        Self::with_limits(processors.saturating_sub(1).max(1), MAX_WAITING)
    }

    fn with_limits(threads: usize, waiting: usize) -> Result<Self, HashingError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(failed)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon2, &mut Memory::default(), "nobody has this password")?;
        let (queue, jobs) = mpsc::sync_channel(waiting);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new()
                .name(format!("password {number}"))
                .spawn(move || work(&jobs))
                .map_err(failed)?;
        }
        Ok(Self {
            argon2,
            queue,
            nobody: nobody.into(),
        })
    }

    /// Returns the hash to store, in PHC string form.
    pub async fn hash(&self, password: Password) -> Result<String, HashingError> {
        let argon2 = self.argon2.clone();
        self.aside(move |memory| hash(&argon2, memory, &password.0))
            .await
    }

    /// Returns whether the password belongs to the stored hash. Without a stored hash the answer is
    /// no, after the same work.
    pub async fn verify(
        &self,
        password: Password,
        stored: Option<String>,
    ) -> Result<bool, HashingError> {
        let nobody = Arc::clone(&self.nobody);
        self.aside(move |memory| {
            let matches = verify(memory, &password.0, stored.as_deref().unwrap_or(&nobody))?;
            Ok(matches && stored.is_some())
        })
        .await
    }

    /// Runs the work when a thread is free, unless the caller went away before.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> Result<T, HashingError> + Send + 'static,
    ) -> Result<T, HashingError> {
        let (sender, answer) = oneshot::channel();
        let job: Job = Box::new(move |memory| {
            if !sender.is_closed() {
                // A caller who went away meanwhile needs no answer.
                let _ = sender.send(work(memory));
            }
        });
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => HashingError::Overloaded,
            TrySendError::Disconnected(_) => failed("the threads have ended"),
        })?;
        answer.await.map_err(failed)?
    }
}

/// Takes one job after the other until nobody can send any more.
fn work(jobs: &Mutex<Receiver<Job>>) {
    // A thread that cannot give way still works.
    if let Err(error) = give_way() {
        tracing::warn!(%error, "a hashing thread competes with the others");
    }
    let mut memory = Memory::default();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if catch_unwind(AssertUnwindSafe(|| job(&mut memory))).is_err() {
            memory = Memory::default();
        }
    }
}

/// Lets every other thread go first. A low priority alone is not enough: the scheduler now and then
/// compensates such a thread with some milliseconds at a stretch.
fn give_way() -> Result<(), thread_priority::Error> {
    #[cfg(target_os = "linux")]
    return thread_priority::set_thread_priority_and_policy(
        thread_priority::thread_native_id(),
        ThreadPriority::Min,
        ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle),
    );
    #[cfg(not(target_os = "linux"))]
    thread_priority::set_current_thread_priority(ThreadPriority::Min)
}

/// The working memory of a thread: taken for the first hash, then kept for the next.
#[derive(Default)]
struct Memory(Vec<Block>);

impl Memory {
    /// Hashes a password with a salt, under the parameters of `argon2`.
    fn compute(
        &mut self,
        argon2: &Argon2<'_>,
        password: &str,
        salt: &[u8],
        length: usize,
    ) -> Result<Output, HashingError> {
        self.0
            .resize(argon2.params().block_count(), Block::default());
        Output::init_with(length, |output| {
            Ok(argon2.hash_password_into_with_memory(
                password.as_bytes(),
                salt,
                output,
                &mut self.0,
            )?)
        })
        .map_err(failed)
    }
}

fn hash(argon2: &Argon2<'_>, memory: &mut Memory, password: &str) -> Result<String, HashingError> {
    let mut salt = [0; SALT_LENGTH];
    SystemRandom::new().fill(&mut salt).map_err(failed)?;
    let output = memory.compute(argon2, password, &salt, Params::DEFAULT_OUTPUT_LEN)?;
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params()).map_err(failed)?,
        salt: Some(salt.as_salt()),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

/// Compares under the parameters of the stored hash, which may be older than today's. The
/// comparison takes the same time wherever the first difference is.
fn verify(memory: &mut Memory, password: &str, stored: &str) -> Result<bool, HashingError> {
    let stored = PasswordHash::new(stored).map_err(failed)?;
    let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else {
        return Err(failed("a stored hash is incomplete"));
    };
    let algorithm = Algorithm::try_from(stored.algorithm).map_err(failed)?;
    let version = stored.version.map_or(Ok(Version::V0x13), Version::try_from);
    let params = Params::try_from(&stored).map_err(failed)?;
    let argon2 = Argon2::new(algorithm, version.map_err(failed)?, params);
    let mut buffer = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut buffer).map_err(failed)?;
    let output = memory.compute(&argon2, password, salt, expected.len())?;
    Ok(output == expected)
}

fn failed(error: impl fmt::Display) -> HashingError {
    HashingError::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn password(text: &str) -> Password {
        Password::chosen(text).unwrap()
    }

    #[test]
    fn a_new_password_has_12_to_128_characters() {
        for length in [12, 128] {
            assert!(Password::chosen(&"ü".repeat(length)).is_ok());
        }
        for length in [0, 11, 129] {
            assert_eq!(
                Password::chosen(&"ü".repeat(length)).err(),
                Some(PasswordError)
            );
        }
    }

    #[test]
    fn an_offered_password_may_be_short_but_not_endless() {
        assert!(Password::offered("x").is_ok());
        assert!(Password::offered(&"x".repeat(129)).is_err());
        assert!(Password::offered("").is_err());
    }

    #[test]
    fn a_password_is_the_same_however_a_keyboard_composes_it() {
        let (composed, decomposed) = (
            password("caf\u{e9} caf\u{e9} caf\u{e9}"),
            password("cafe\u{301} cafe\u{301} cafe\u{301}"),
        );
        assert_eq!(composed.0, decomposed.0);
    }

    #[test]
    fn a_password_does_not_print() {
        assert_eq!(
            format!("{:?}", password("correct horse battery")),
            "[password]"
        );
    }

    #[tokio::test]
    async fn a_hash_has_the_recommended_parameters_and_a_salt_of_its_own() {
        let passwords = Passwords::new().unwrap();
        let one = passwords
            .hash(password("correct horse battery"))
            .await
            .unwrap();
        let two = passwords
            .hash(password("correct horse battery"))
            .await
            .unwrap();
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, two);
    }

    #[tokio::test]
    async fn only_the_right_password_is_accepted() {
        let passwords = Passwords::new().unwrap();
        let stored = passwords
            .hash(password("correct horse battery"))
            .await
            .unwrap();
        assert!(
            passwords
                .verify(password("correct horse battery"), Some(stored.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(password("correct horse batterY"), Some(stored))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(password("nobody has this password"), None)
                .await
                .unwrap()
        );
    }

    #[test]
    fn a_hash_made_elsewhere_is_verified_under_its_own_parameters() {
        // Of "password" with the salt "somesalt", from the tests of the reference implementation.
        let stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let mut memory = Memory::default();
        assert!(verify(&mut memory, "password", stored).unwrap());
        assert!(!verify(&mut memory, "passwore", stored).unwrap());
    }

    #[tokio::test]
    async fn the_memory_of_one_hash_serves_the_next() {
        let passwords = Passwords::with_limits(2, 10).unwrap();
        let hashes = (0..6).map(|_| passwords.hash(password("correct horse battery")));
        for hash in futures::future::join_all(hashes).await {
            let stored = hash.unwrap();
            let offered = password("correct horse battery");
            assert!(passwords.verify(offered, Some(stored)).await.unwrap());
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_thread_runs_when_nothing_else_wants_to() {
        let passwords = Passwords::with_limits(1, 10).unwrap();
        let policy = passwords.aside(|_| thread_priority::thread_schedule_policy().map_err(failed));
        assert_eq!(
            policy.await.unwrap(),
            ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle)
        );
    }

    #[tokio::test]
    async fn a_thread_outlives_what_goes_wrong_on_it() {
        let passwords = Passwords::with_limits(1, 10).unwrap();
        let broken = passwords.aside(|_| -> Result<(), HashingError> { panic!("as it should") });
        assert!(matches!(broken.await, Err(HashingError::Failed(_))));
        let offered = password("correct horse battery");
        assert!(!passwords.verify(offered, None).await.unwrap());
    }

    #[tokio::test]
    async fn an_unknown_account_costs_as_much_work_as_a_known_one() {
        let passwords = Passwords::new().unwrap();
        let stored = passwords
            .hash(password("correct horse battery"))
            .await
            .unwrap();
        let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
        for _ in 0..5 {
            known = known.min(time(&passwords, Some(stored.clone())).await);
            unknown = unknown.min(time(&passwords, None).await);
        }
        assert!(
            unknown * 4 > known && known * 4 > unknown,
            "{known:?} {unknown:?}"
        );
    }

    async fn time(passwords: &Passwords, stored: Option<String>) -> Duration {
        let start = Instant::now();
        assert!(
            !passwords
                .verify(password("a wrong password"), stored)
                .await
                .unwrap()
        );
        start.elapsed()
    }

    #[tokio::test]
    async fn a_flood_is_refused_instead_of_piling_up() {
        let passwords = Passwords::with_limits(1, 1).unwrap();
        let (let_go, wait) = mpsc::channel::<()>();
        let (begun, beginning) = oneshot::channel();
        let busy = passwords.clone();
        let first = tokio::spawn(async move {
            let work = move |_: &mut Memory| {
                begun.send(()).unwrap();
                wait.recv().map_err(failed)
            };
            busy.aside(work).await
        });
        beginning.await.unwrap();
        let second = passwords.verify(password("correct horse battery"), None);
        let third = passwords.verify(password("correct horse battery"), None);
        let first_let_go = async {
            let refused = third.await;
            let_go.send(()).unwrap();
            refused
        };
        let (second, third) = tokio::join!(biased; second, first_let_go);
        assert!(matches!(third, Err(HashingError::Overloaded)));
        assert!(second.is_ok() && first.await.unwrap().is_ok());
    }
}
