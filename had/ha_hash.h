/*
 * ha_hash.h - uthash, set up so that running out of memory is an error and not the end.
 *
 * After HASH_ADD, hh.tbl is NULL if there was no memory for the table.
 *
 * Layer: core. Header only.
 */
#pragma once

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
