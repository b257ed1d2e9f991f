/// A number that a `Signals` gives, by the name under which bundles weigh it.
struct RecallFeature: Sendable {
    let name: String
    let value: @Sendable (Signals) -> Double

    init(_ name: String, _ value: @escaping @Sendable (Signals) -> Double) {
        self.name = name
        self.value = value
    }

    /// Of version 1: absolute cosines, which mean something in one catalogue.
    static let ofVersion1: [RecallFeature] = [
        RecallFeature("top_score") { $0.topScore },
        RecallFeature("margin_2") { $0.margin(1) },
        RecallFeature("margin_5") { $0.margin(4) },
        RecallFeature("entropy") { $0.entropy },
        RecallFeature("coverage") { $0.expectedCoverage },
        RecallFeature("agreement") { $0.agreement },
        RecallFeature("hit_coverage") { $0.hitCoverage },
        RecallFeature("sure_coverage") { $0.expectedCoverage * $0.agreement },
    ]

    /// Of an answer's confidence, in version 2: cosines in units of the shelf's own spread.
    static let ofConfidence: [RecallFeature] = [
        RecallFeature("query_deviations") { $0.deviations($0.queryBackground) },
        RecallFeature("hit_deviations") { $0.deviations($0.hitBackground) },
        RecallFeature("nearest_gap") { signals in signals.nearest.map(signals.deviations) ?? 0 },
        RecallFeature("lead_2") { $0.margin(1) / $0.queryBackground.deviation },
        RecallFeature("lead_5") { $0.margin(4) / $0.queryBackground.deviation },
        RecallFeature("entropy_share") { $0.entropyShare },
        RecallFeature("held") { $0.heldProbability },
        RecallFeature("agreement") { $0.agreement },
        RecallFeature("stranger") { $0.stranger },
        RecallFeature("concord") { $0.concord },
        RecallFeature("detected") { $0.detected },
    ]

    /// Of local recall in version 2, which also depends on how much of the catalogue the shelf holds.
    static let ofVersion2: [RecallFeature] =
        ofConfidence + [
            RecallFeature("coverage") { $0.expectedCoverage },
            RecallFeature("hit_coverage") { $0.hitCoverage },
            RecallFeature("sure_coverage") { $0.expectedCoverage * $0.agreement },
        ]

    /// What bundles were calibrated on before version 1.
    static let before: [RecallFeature] = [
        RecallFeature("top_score") { $0.topScore },
        RecallFeature("lead") { $0.lead },
        RecallFeature("found") { $0.scores.isEmpty ? 0 : 1 },
    ]
}
