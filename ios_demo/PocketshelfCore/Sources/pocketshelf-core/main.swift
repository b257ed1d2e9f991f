import Foundation
import PocketshelfCore

exit(Program.run(Array(CommandLine.arguments.dropFirst())))
