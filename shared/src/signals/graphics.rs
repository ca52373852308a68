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

/// The mark of another system that a renderer bears.
pub(super) fn contradiction(renderer: &str, system: System) -> Option<&'static str> {
    let has = |word| renderer.contains(word);
    let is = |systems: &[System]| systems.contains(&system);
    let apple = is(&[System::MacOs, System::Ios]);
    // Mesa names Apple's and Microsoft's processors where it draws on them, so it goes first.
    if has("Mesa") || has("llvmpipe") {
        (apple || is(&[System::Windows])).then_some("Mesa")
    } else if has("Direct3D") || has("D3D11") || has("D3D9") || has("D3D12") {
        (!is(&[System::Windows])).then_some("Direct3D")
    } else if has("Metal Renderer") {
        (!apple).then_some("Metal")
    } else if has("OpenGL Engine") {
        // The name of every processor in macOS's own OpenGL, behind ANGLE, too.
        (!is(&[System::MacOs])).then_some("OpenGL Engine")
    } else if has("Apple") {
        // Linux runs on Apple's machines, too.
        (!apple && !is(&[System::Linux])).then_some("Apple")
    } else if has("Adreno") {
        // Windows runs on these, and draws by Direct3D.
        (apple || is(&[System::Windows])).then_some("Adreno")
    } else if has("Mali-") || has("Immortalis") || has("Xclipse") || has("PowerVR") || has("Maleoon") {
        // What iPhones had before Apple made its own.
        let own = has("PowerVR") && is(&[System::Ios]);
        ((apple || is(&[System::Windows])) && !own).then_some("a phone's processor")
    } else if has("VideoCore") || has("V3D ") {
        (apple || is(&[System::Windows])).then_some("VideoCore")
    } else if has("Vulkan") && !has("SwiftShader") {
        apple.then_some("Vulkan")
    } else if ["NVIDIA", "GeForce", "Radeon", "AMD ", "Intel"]
        .into_iter()
        .any(has)
    {
        // Macs had them, but none of the later series.
        let later = is(&[System::MacOs]) && (has("RTX") || has("GTX 16") || has("Intel(R) Arc"));
        (is(&[System::Ios]) || later).then_some("a computer's processor")
    } else {
        None
    }
}

/// The mark of another system that a vendor bears.
pub(super) fn vendor_contradiction(vendor: &str, system: System) -> Option<&'static str> {
    // Apple's own, and how macOS calls the maker that others call Intel.
    let apples = vendor.contains("Apple") || vendor.contains("Intel Inc.");
    let elsewhere = matches!(system, System::Windows | System::Android | System::ChromeOs);
    (apples && elsewhere).then_some("a vendor of macOS")
}
