/* Counts what a program asks of its allocator, from outside of it.
 *
 *     cc -O1 -shared -fPIC -o allocations.so allocations.c
 *     LD_PRELOAD=./allocations.so ALLOCATIONS=FILE PROGRAM
 *
 * When the program ends, FILE holds the number of calls that ask for memory. What glibc's own
 * allocator is called besides `malloc` is in its manual, under "Replacing malloc".
 */
#include <stdio.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);

static unsigned long asked;

static void count(void) {
    __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
}

void *malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void *calloc(size_t blocks, size_t size) {
    count();
    return __libc_calloc(blocks, size);
}

void *realloc(void *block, size_t size) {
    count();
    return __libc_realloc(block, size);
}

__attribute__((destructor)) static void tell(void) {
    unsigned long all = asked;
    const char *name = getenv("ALLOCATIONS");
    FILE *file = name ? fopen(name, "w") : NULL;
    if (file) {
        fprintf(file, "%lu\n", all);
        fclose(file);
    }
}
