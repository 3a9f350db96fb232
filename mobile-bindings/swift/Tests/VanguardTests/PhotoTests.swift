import Foundation
import Vanguard
import XCTest

/// Photos: on disk at once, to the relay when they may, to others when they look.
final class PhotoTests: StoryCase {
    func testAPhotoTakenOfflineReachesAnotherPhoneItsTextBeforeIt() async throws {
        let zhao = try await site.phone("赵磊")
        let li = try await site.phone("李安")
        site.tell("down")
        try zhao.roomForPhoto()
        let photo = try zhao.takePhotoFromFile(
            path: site.picture("护栏"), context: PhotoContext(zone: site.zone))
        XCTAssertEqual([photo.widthPx, photo.heightPx], [800, 600])
        let fields = HazardFields(
            description: "护栏缺失", nature: .unsafeCondition, photos: [photo])
        let id = try zhao.reportHazard(space: site.org, fields: fields)
        let kept = try XCTUnwrap(zhao.photoPath(hash: photo.hash))
        XCTAssertTrue(FileManager.default.fileExists(atPath: kept))
        XCTAssertEqual(try zhao.storageUse().photoFilesOwed, 2)
        await assertUnreachable(zhao)

        // Text goes in any network; photos wait for one that their owner allows.
        try zhao.photosMayTravel(policy: SyncPolicy(), conditions: Conditions(isRoaming: true))
        site.tell("up")
        try await zhao.syncNow()
        XCTAssertEqual(try zhao.hazard(id: id).syncState, .mediaPending)
        try await li.syncNow()
        XCTAssertEqual(try li.hazard(id: id).fields.photos, [photo])
        XCTAssertNil(try li.photoBytes(hash: photo.thumbnail.hash))

        site.tell("down")  // and gone is the relay, its text taken and its photos not
        try zhao.photosMayTravel(policy: SyncPolicy(), conditions: Conditions())
        await assertUnreachable(zhao)
        XCTAssertEqual(try zhao.hazard(id: id).syncState, .mediaPending)
        site.tell("up")
        try zhao.photosMayTravel(policy: SyncPolicy(), conditions: Conditions(isMetered: true))
        try await zhao.syncNow()  // the thumbnail
        try li.wantPhoto(hash: photo.thumbnail.hash)
        try await li.syncNow()
        let thumbnail = try XCTUnwrap(li.photoBytes(hash: photo.thumbnail.hash))
        XCTAssertEqual(thumbnail, try zhao.photoBytes(hash: photo.thumbnail.hash))
        XCTAssertEqual(try zhao.hazard(id: id).syncState, .mediaPending)

        try zhao.photosMayTravel(policy: SyncPolicy(), conditions: Conditions())
        try await zhao.syncNow()
        XCTAssertEqual(try zhao.hazard(id: id).syncState, .acknowledged)
        XCTAssertEqual(try zhao.storageUse().photoFilesOwed, 0)
        let path = try await li.fetchPhoto(hash: photo.hash)
        let fetched = try Data(contentsOf: URL(fileURLWithPath: path))
        XCTAssertEqual(fetched, try zhao.photoBytes(hash: photo.hash))

        // What the relay holds may go from the phone, and comes back when it is looked at.
        XCTAssertGreaterThanOrEqual(try zhao.letGoOfPhotos(bytes: UInt64.max >> 1), photo.bytes)
        XCTAssertNil(try zhao.photoPath(hash: photo.hash))
        _ = try await zhao.fetchPhoto(hash: photo.hash)
    }

    func testWhatIsNoPictureIsRefused() async throws {
        let phone = try await site.phone("赵磊")
        XCTAssertThrowsError(
            try phone.takePhoto(jpeg: Data("护栏".utf8), context: PhotoContext())
        ) {
            guard case VanguardError.Invalid = $0 else { return XCTFail("\($0)") }
        }
        XCTAssertEqual(try phone.storageUse().photoFiles, 0)
    }

    func testAFilmIsRefusedBeforeItIsRead() async throws {
        let phone = try await site.phone("赵磊")
        let film = URL(fileURLWithPath: site.newFile() + ".mp4")
        FileManager.default.createFile(atPath: film.path, contents: nil)
        let file = try FileHandle(forWritingTo: film)
        try file.truncate(atOffset: 256 << 30)  // it takes no room
        try file.close()
        XCTAssertThrowsError(
            try phone.takePhotoFromFile(path: film.path, context: PhotoContext())
        ) {
            guard case VanguardError.Invalid = $0 else { return XCTFail("\($0)") }
        }
    }

    func testACancelledShotIsLetGoOf() async throws {
        let phone = try await site.phone("赵磊")
        let cancelled = try phone.takePhotoFromFile(
            path: site.picture("护栏"), context: PhotoContext())
        XCTAssertEqual(try phone.storageUse().photoFilesUnnamed, 2)
        let round = try phone.startInspection(
            space: site.org, zone: site.zone, kind: .daily, shift: .day)
        try phone.noteDraft(inspection: round, notes: DraftNotes(photos: [cancelled]))
        XCTAssertEqual(try phone.storageUse().photoBytesUnnamed, 0)
        XCTAssertThrowsError(try phone.discardPhoto(hash: cancelled.hash)) {
            guard case VanguardError.Invalid = $0 else { return XCTFail("\($0)") }
        }
        try phone.noteDraft(inspection: round, notes: DraftNotes(photos: []))
        for hash in try phone.unnamedPhotos() {
            try phone.discardPhoto(hash: hash)
        }
        XCTAssertEqual(try phone.storageUse().photoFiles, 0)
    }

    func testAnInspectionHasItsPhotos() async throws {
        let phone = try await site.phone("赵磊")
        let photo = try phone.takePhotoFromFile(
            path: site.picture("平台"), context: PhotoContext())
        let round = try phone.startInspection(
            space: site.org, zone: site.zone, kind: .noViolation, shift: .day)
        try phone.noteDraft(inspection: round, notes: DraftNotes(photos: [photo]))
        try phone.submitInspection(inspection: round)
        XCTAssertEqual(try phone.syncStatus().unsentPhotos, 2)
        XCTAssertTrue(try phone.exportUnsent().contains(photo.hash))
        try await phone.syncNow()
        XCTAssertEqual(try phone.syncStatus().unsentPhotos, 0)
        XCTAssertNil(try phone.syncStatus().oldestUnsentMs)
        XCTAssertEqual(try phone.inspection(id: round).fields.photos, [photo])
    }

    private func assertUnreachable(_ phone: Notebook, line: UInt = #line) async {
        do {
            try await phone.syncNow()
            XCTFail("there is no relay", line: line)
        } catch VanguardError.Unreachable {
        } catch {
            XCTFail("\(error)", line: line)
        }
    }
}
