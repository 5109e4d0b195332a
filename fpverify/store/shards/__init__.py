"""What an index keeps of a store's references on disk, beside the store: shards, sealed with the store's key.

    enrollments.sqlite.index/       beside the file; of a PostgreSQL store in the user's data folder
        lock                        held while anything in here is written
        <16 hex digits>/            of one model and one codebook
            manifest                which shards there are, and which point of the audit trail they follow
            <32 hex digits>.shard   some thousand references

The store is the truth, and nothing in here is needed: what is missing, damaged, of another key or another store is made
anew from it. What is deleted from the store is overwritten in here before `Store.delete` returns.

seals      keys of files, and what binds each block to its place
shard      one file: references, and the rows of their minutiae by list
manifest   the file that says which shards count
folder     all shards of one model: opened, added to, merged
beside     all that lies beside one store: erased, sealed anew
files      files that appear whole or not at all, and the lock
"""
