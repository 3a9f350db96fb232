import Foundation
import Vanguard

// An app in a process of its own, to be killed: `Worker NOTEBOOK SPACE PICTURE…`. It takes one
// picture after the other, reports it and syncs; each line that it prints is a promise.
let arguments = CommandLine.arguments
let phone = try Notebook.open(path: arguments[1])
for picture in arguments.dropFirst(3) {
    let photo = try phone.takePhotoFromFile(path: picture, context: PhotoContext())
    promise("taken \(photo.hash)")
    let fields = HazardFields(
        description: "压力表失准", nature: .unsafeCondition, photos: [photo])
    let id = try phone.reportHazard(space: arguments[2], fields: fields)
    promise("committed \(id)")
    _ = try await phone.sync(budget: SyncBudget())
    promise("acknowledged \(id)")
}

/// Nothing is said before it is out of this process.
func promise(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}
