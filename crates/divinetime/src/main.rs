use std::process::ExitCode;

fn main() -> ExitCode {
    divinetime::main()
}
