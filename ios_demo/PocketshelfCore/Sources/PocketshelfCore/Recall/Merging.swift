/// Local hits and a server's as one answer: best first, each product once; the local one where both have it, as it is
/// at hand.
func merged(local: [Hit], server: [Hit], count: Int) -> [Hit] {
    var best: [ExactString: Hit] = [:]
    for var hit in server {
        hit.source = .server
        best[ExactString(hit.productId)] = hit
    }
    for hit in local { best[ExactString(hit.productId)] = hit }
    let ordered = best.values.sorted {
        $0.score != $1.score ? $0.score > $1.score : precedes($0.productId, $1.productId)
    }
    return Array(ordered.prefix(count))
}
