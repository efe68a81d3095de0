/*
 * wire.h - bounded byte cursors with a sticky error.
 *
 * A reader or writer never touches memory outside base[0..len). The first
 * overrun sets .bad; from then on reads yield zero and writes do nothing, so a
 * codec reads from top to bottom and is checked once, at the end: decode
 * everything, test .bad, only then act.
 *
 * Integers are big-endian on the wire and host order in C.
 * Nothing here allocates, logs or aborts.
 *
 * Layer: wire. Header only.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wire_reader {
	const uint8_t *base; /* borrowed; must outlive the reader */
	size_t len;	     /* octets readable at base */
	size_t pos;	     /* next octet to read */
	bool bad;	     /* sticky */
};

struct wire_writer {
	uint8_t *base;
	size_t len; /* octets writable at base */
	size_t pos; /* octets written so far */
	bool bad;   /* sticky: the message did not fit */
};

static inline size_t
wire_left(const struct wire_reader *r)
{
	return r->bad ? 0 : r->len - r->pos;
}

/* Take n octets and return where they start, or NULL (and .bad) if too few. */
static inline const uint8_t *
wire_take(struct wire_reader *r, size_t n)
{
	const uint8_t *p;

	if (r->bad || n > r->len - r->pos) {
		r->bad = true;
		return NULL;
	}
	p = r->base + r->pos;
	r->pos += n;
	return p;
}

static inline uint8_t
wire_get_u8(struct wire_reader *r)
{
	const uint8_t *p = wire_take(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t
wire_get_u16(struct wire_reader *r)
{
	const uint8_t *p = wire_take(r, 2);

	return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

static inline uint32_t
wire_get_u32(struct wire_reader *r)
{
	const uint8_t *p = wire_take(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t
wire_get_u64(struct wire_reader *r)
{
	uint64_t high = wire_get_u32(r);

	return high << 32 | wire_get_u32(r);
}

static inline struct in6_addr
wire_get_addr(struct wire_reader *r)
{
	const uint8_t *p = wire_take(r, sizeof(struct in6_addr));
	struct in6_addr a = IN6ADDR_ANY_INIT;

	if (p)
		memcpy(&a, p, sizeof(a));
	return a;
}

static inline void
wire_put(struct wire_writer *w, const void *src, size_t n)
{
	if (w->bad || n > w->len - w->pos) {
		w->bad = true;
		return;
	}
	if (n > 0)
		memcpy(w->base + w->pos, src, n);
	w->pos += n;
}

static inline void
wire_put_zero(struct wire_writer *w, size_t n)
{
	if (w->bad || n > w->len - w->pos) {
		w->bad = true;
		return;
	}
	if (n > 0)
		memset(w->base + w->pos, 0, n);
	w->pos += n;
}

static inline void
wire_put_u8(struct wire_writer *w, uint8_t v)
{
	wire_put(w, &v, 1);
}

static inline void
wire_put_u16(struct wire_writer *w, uint16_t v)
{
	const uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	wire_put(w, b, sizeof(b));
}

static inline void
wire_put_u32(struct wire_writer *w, uint32_t v)
{
	wire_put_u16(w, (uint16_t)(v >> 16));
	wire_put_u16(w, (uint16_t)v);
}

static inline void
wire_put_u64(struct wire_writer *w, uint64_t v)
{
	wire_put_u32(w, (uint32_t)(v >> 32));
	wire_put_u32(w, (uint32_t)v);
}

static inline void
wire_put_addr(struct wire_writer *w, struct in6_addr a)
{
	wire_put(w, &a, sizeof(a));
}

/* Overwrite two octets written earlier: lengths and checksums are known last. */
static inline void
wire_set_u16(struct wire_writer *w, size_t at, uint16_t v)
{
	struct wire_writer field = { .base = w->base, .len = w->pos, .pos = at };

	if (w->bad || at > w->pos)
		w->bad = true;
	else
		wire_put_u16(&field, v);
}
