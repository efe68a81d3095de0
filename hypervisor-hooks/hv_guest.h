/*
 * hv_guest.h - what a domain's XML says of a guest, as words for mrd.
 *
 *	<metadata>
 *	  <hp:guest xmlns:hp="urn:homeport:guest" home-address="2001:db8:200:1::1">
 *	    <hp:prefix>2001:db8:200:1::/64</hp:prefix>
 *	  </hp:guest>
 *	</metadata>
 *
 * Home Address and prefixes stand in our element, MACs and bridge in the domain's interfaces:
 * those on the bridge that the element's attribute `interface` names, else on that of the first
 * interface that is on one. An element without prefixes is that of a guest which mrd.conf knows.
 *
 * Values are not judged here: they are mrd's words, and mrd says what is wrong with them.
 *
 * Layer: base (libxml2). Text in, text out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HV_NAMESPACE "urn:homeport:guest"
#define HV_WORDS_MAX 2048 /* octets of a guest's words with their NUL */

/*
 * Words behind `guest incoming NAME`, each with a space in front; "" if there are none.
 * Returns 1, 0 if the domain has no element of ours, -EBADMSG if it is not XML, -E2BIG if the
 * words do not fit.
 */
int hv_guest_words(const char *xml, size_t n, char ret_words[static HV_WORDS_MAX]);

/* Append a space and a word, in quotes if need be. False if it does not fit. */
bool hv_word_add(char *words, size_t len, const char *word);
