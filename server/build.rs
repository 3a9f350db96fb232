//! Has the relay built anew when the console's page was: the page is embedded in the program.

fn main() {
    println!("cargo:rerun-if-changed=console/dist");
}
