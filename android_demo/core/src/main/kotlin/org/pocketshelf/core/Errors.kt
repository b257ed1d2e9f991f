package org.pocketshelf.core

/**
 * One tree of errors. Foreign exceptions are wrapped at the border, with their cause.
 *
 * Every message is one line that names what is wrong and, where there is one, the remedy. The passwords of addresses in it
 * are left out, whoever wrote them into the message.
 */
open class PocketshelfError(
    message: String,
    cause: Throwable? = null,
    /** Why a sync or a rollback was refused; null elsewhere. */
    val reason: Reason? = null,
) : Exception(withoutPasswords(message), cause)

/** A photo cannot be read: missing, truncated, not an image, or too large to decode safely. */
class PhotoError(message: String, cause: Throwable? = null) : PocketshelfError(message, cause)

/** A model bundle is missing, malformed, of an unknown version, or fails its hashes. */
class BundleError(message: String, cause: Throwable? = null) : PocketshelfError(message, cause)

/** What runs a model file is not there; the message says what to add. */
class RuntimeUnavailable(message: String, cause: Throwable? = null) : PocketshelfError(message, cause)

/** A store is missing, damaged, locked, or cannot be written. */
open class StoreError(message: String, cause: Throwable? = null, reason: Reason? = null) :
    PocketshelfError(message, cause, reason)

/** A store's vectors belong to another embedding space or another preprocessing. */
class SpaceMismatch(message: String, cause: Throwable? = null) : StoreError(message, cause, Reason.SPACE)

/** The server could not be reached or answered with an error. */
open class ServerError(message: String, cause: Throwable? = null, reason: Reason? = null) :
    PocketshelfError(message, cause, reason)

/**
 * The server is away, or overloaded, for now: trying again later may help.
 *
 * @property retryAfter seconds for which it asks to be left alone; null if it did not say.
 */
class Unreachable(message: String, cause: Throwable? = null, val retryAfter: Double? = null) : ServerError(message, cause)

/** A sync was refused or could not be completed; the store is as it was before. */
open class SyncError(message: String, cause: Throwable? = null, reason: Reason? = null) :
    PocketshelfError(message, cause, reason)

/** The call asks for what does not exist, as an unknown category; the message lists what does. */
class UsageError(message: String, cause: Throwable? = null) : PocketshelfError(message, cause)

private val BLANKS = Regex("\\s+")

/** What a foreign error, or a reason from outside, says: on one line, cut to [limit] characters. */
fun oneLine(cause: Any?, limit: Int = 160): String {
    val text = if (cause is Throwable) cause.message ?: "" else cause.toString()
    val line = text.replace(BLANKS, " ").trim().take(limit)
    return line.ifEmpty { cause?.javaClass?.simpleName ?: "nothing" }
}
