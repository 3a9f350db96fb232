package vanguard

import java.math.BigInteger
import java.nio.file.Files
import java.nio.file.Path
import java.security.PrivateKey
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.util.concurrent.atomic.AtomicInteger
import java.security.KeyStore as JavaKeyStore

/** A key in Java's own key store, used as an app uses Android's: by name, without seeing it. */
class JvmKeyStore(folder: Path) : KeyStore {
    private val entries: JavaKeyStore
    private val calls = AtomicInteger()

    /** How often it was asked to sign. */
    val asked: Int get() = calls.get()

    /** What it answers with instead of signing. */
    @Volatile
    var refusal: Exception? = null

    /** Who signs in its place. */
    @Volatile
    var signer: ((ByteArray) -> ByteArray)? = null

    init {
        val file = folder.resolve("keys-${System.nanoTime()}.p12")
        val made = ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair", "-alias", NAME, "-dname", "CN=phone", "-keyalg", "EC", "-groupname", "secp256r1",
            "-storetype", "PKCS12", "-storepass", PASSWORD, "-keystore", file.toString(),
        ).redirectErrorStream(true).start()
        val said = made.inputStream.reader().readText()
        check(made.waitFor() == 0) { said }
        entries = JavaKeyStore.getInstance("PKCS12")
        Files.newInputStream(file).use { entries.load(it, PASSWORD.toCharArray()) }
    }

    override fun publicKey(): ByteArray {
        val point = (entries.getCertificate(NAME).publicKey as ECPublicKey).w
        return byteArrayOf(4) + point.affineX.to32Bytes() + point.affineY.to32Bytes()
    }

    override fun sign(message: ByteArray): ByteArray {
        calls.incrementAndGet()
        refusal?.let { throw it }
        signer?.let { return it(message) }
        return Signature.getInstance("SHA256withECDSA").run {
            initSign(entries.getKey(NAME, PASSWORD.toCharArray()) as PrivateKey)
            update(message)
            sign()
        }
    }

    /** A coordinate as SEC 1 wants it: without Java's byte for the sign, and with leading zeros. */
    private fun BigInteger.to32Bytes(): ByteArray {
        val raw = toByteArray().takeLast(32).toByteArray()
        return ByteArray(32 - raw.size) + raw
    }

    private companion object {
        const val NAME = "vanguard"
        const val PASSWORD = "of the test"
    }
}
