import ArgumentParser
import Foundation

/// A length of time as a person writes it: `90`, `90s`, `15m`, `2h`, `90d`.
struct TimeArgument: ExpressibleByArgument {
    /// Above 0.
    let seconds: Double

    init?(argument: String) {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        let unit = argument.last.flatMap { units[$0] }
        guard let number = Double(unit == nil ? argument[...] : argument.dropLast()), number > 0, number.isFinite else {
            return nil
        }
        seconds = number * (unit ?? 1)
    }
}

/// A number of bytes as a person writes it: `5000`, `64k`, `512M`, `2G`, each a thousand and twenty-four times the last.
struct BytesArgument: ExpressibleByArgument {
    /// Above 0.
    let bytes: Int

    init?(argument: String) {
        let units: [Character: Int] = ["k": 1 << 10, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let unit = argument.last.flatMap { units[$0] }
        guard let number = Int(unit == nil ? argument[...] : argument.dropLast()), number > 0 else { return nil }
        let (bytes, isTooLarge) = number.multipliedReportingOverflow(by: unit ?? 1)
        if isTooLarge { return nil }
        self.bytes = bytes
    }
}

/// A limit, or `none` for the want of it.
enum LimitArgument<Amount: ExpressibleByArgument>: ExpressibleByArgument {
    case none
    case some(Amount)

    init?(argument: String) {
        guard argument != "none" else {
            self = .none
            return
        }
        guard let amount = Amount(argument: argument) else { return nil }
        self = .some(amount)
    }

    var amount: Amount? {
        if case .some(let amount) = self { return amount }
        return nil
    }
}

extension LimitArgument: Sendable where Amount: Sendable {}
