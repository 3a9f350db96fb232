import FieldApp
import Vanguard

// `field-app NOTEBOOK [en]`: commands come from standard input.
let arguments = CommandLine.arguments
guard arguments.count > 1 else { fatalError("field-app NOTEBOOK [en]") }
let app = FieldApp(
    notebook: try Notebook.open(path: arguments[1]),
    language: arguments.count > 2 && arguments[2] == "en" ? .english : .chinese,
    say: { print($0) }
)
while let line = readLine() { await app.obey(line) }
