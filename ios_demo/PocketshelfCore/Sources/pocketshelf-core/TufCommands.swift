import PocketshelfCore

// The three commands of the public suite tuf-conformance, as its CLIENT-CLI.md says.

/// `--metadata-dir D init ROOT`
func tufInitCommand(_ options: Options) throws {
    guard let root = options.words.first else { throw PocketshelfError.usage("init needs a root.json") }
    try TufClient.establish(folder: try options.required("--metadata-dir"), rootFile: root)
}

/// `--metadata-dir D --metadata-url U refresh`
func tufRefreshCommand(_ options: Options) throws { try tufClient(options).refresh() }

/// `--metadata-dir D --metadata-url U --target-name N… --target-base-url B --target-dir T download`
func tufDownloadCommand(_ options: Options) throws {
    let client = try tufClient(options)
    let base = try options.required("--target-base-url"), folder = try options.required("--target-dir")
    _ = try options.required("--target-name")
    try client.refresh()
    for name in options.all("--target-name") { try client.download(name, baseUrl: base, to: folder) }
}

private func tufClient(_ options: Options) throws -> TufClient {
    try TufClient(
        folder: try options.required("--metadata-dir"), metadataUrl: try options.required("--metadata-url"),
        fetcher: HttpFetcher())
}
