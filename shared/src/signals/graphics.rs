//! What names of graphics processors tell of the machine.

use crate::useragent::System;

/// What draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drawing {
    /// A graphics processor.
    Hardware,
    /// A program, named here.
    Software(&'static str),
    /// The processor that a virtual machine shows, named here.
    Virtual(&'static str),
}

/// Programs that draw where there is no graphics processor.
const SOFTWARE: [&str; 4] = ["SwiftShader", "llvmpipe", "softpipe", "Mesa OffScreen"];
/// Processors of virtual machines, and what Windows draws with on these and on remote desktops, which one visitor
/// in a hundred has.
const VIRTUAL: [&str; 9] = [
    "Microsoft Basic Render",
    "VMware",
    "SVGA3D",
    "VirtualBox",
    "Parallels",
    "virgl",
    "QEMU",
    "Hyper-V",
    "VirtIO",
];

/// What draws, by the renderer; none where browsers hide it.
///
/// The vendor is not asked: Mesa's software renderer names a maker of virtual machines, wherever it runs.
pub(super) fn drawing(renderer: &str) -> Option<Drawing> {
    let lower = renderer.to_ascii_lowercase();
    let named = |names: &[&'static str]| {
        let said = |name: &&&'static str| lower.contains(&name.to_ascii_lowercase());
        names.iter().find(said).copied()
    };
    if let Some(name) = named(&SOFTWARE) {
        Some(Drawing::Software(name))
    } else if let Some(name) = named(&VIRTUAL) {
        Some(Drawing::Virtual(name))
    } else {
        let hidden = ["", "Mozilla", "WebKit WebGL"].contains(&renderer.trim());
        (!hidden).then_some(Drawing::Hardware)
    }
}

/// The mark that a renderer bears, and whether it can be seen on a system.
pub(super) fn contradiction(renderer: &str, system: System) -> Option<&'static str> {
    let has = |word| renderer.contains(word);
    // Mesa names Apple's and Microsoft's processors where it draws on them, so it goes first.
    if has("Mesa") || has("llvmpipe") {
        let wrong = matches!(system, System::Windows | System::MacOs | System::Ios);
        wrong.then_some("Mesa")
    } else if has("Direct3D") || has("D3D11") || has("D3D9") {
        (system != System::Windows).then_some("Direct3D")
    } else if has("Apple") || has("Metal Renderer") {
        // Linux runs on Apple's machines, too.
        (!matches!(system, System::MacOs | System::Ios | System::Linux)).then_some("Apple")
    } else if has("Adreno") {
        // Windows runs on these.
        matches!(system, System::MacOs | System::Ios).then_some("Adreno")
    } else if has("Mali-") || has("Xclipse") {
        matches!(system, System::Windows | System::MacOs | System::Ios).then_some("Mali or Xclipse")
    } else {
        None
    }
}
