/** Files that are on disk, whole and with a checksum, once they count. */
package ringattention.file;
