/* Where the units of a message lie in memory, and what is in them. */
#include "random.h"

uint64_t value(uint64_t id, uint64_t at) {
    uint64_t x = id * 0x9e3779b97f4a7c15u + at * 0xbf58476d1ce4e5b9u;
    x ^= x >> 31;
    x *= 0x94d049bb133111ebu;
    return x ^ x >> 29;
}

struct layout any_layout(uint64_t *state, int units) {
    struct layout layout = {any(state, SHAPES), 1, 2, 1 + any(state, 5)};
    if (units == 0 || any(state, 2)) layout.shape = ROW;
    switch (layout.shape) {
    case VECTOR:
    case SUBARRAY:
        for (int block = 1 + any(state, 64); block > 1 && layout.block == 1; block--) {
            if (units % block == 0) layout.block = block;
        }
        layout.stride = layout.block + layout.gap + any(state, 3);
        break;
    case RESIZED: layout.stride = 1 + any(state, 3); break;
    case INDEXED:
    case STRUCT: layout.block = any(state, units + 1); break;
    default: break;
    }
    return layout;
}

static size_t place(const struct layout *layout, int units, int at) {
    size_t block = layout->block, stride = layout->stride, i = at;
    switch (layout->shape) {
    case VECTOR: return i / block * stride + i % block;
    case SUBARRAY: return i / block * stride + layout->gap + i % block;
    case RESIZED: return i * stride;
    case INDEXED: return i < block ? units - block + layout->gap + i : i - block;
    case STRUCT: return i < block ? i : i + layout->gap;
    default: return i;
    }
}

size_t span(const struct layout *layout, int units, int unit) {
    size_t most = 0;
    for (int at = 0; at < units; at++) {
        size_t end = place(layout, units, at) + 1;
        if (end > most) most = end;
    }
    return most * unit;
}

bool takes_more(const struct layout *layout) { return layout->shape == ROW || layout->shape == RESIZED; }

MPI_Datatype datatype(const struct layout *layout, int units, int unit, int *count) {
    MPI_Datatype base = unit == 1 ? MPI_BYTE : unit == 4 ? MPI_INT : MPI_DOUBLE, made = base;
    int block = layout->block, rest = units - block, gap = layout->gap;
    int lengths[2] = {block, rest};
    *count = 1;
    switch (layout->shape) {
    case ROW: MPI_Type_dup(base, &made); *count = units; break;
    case CONTIGUOUS: MPI_Type_contiguous(units, base, &made); break;
    case VECTOR: MPI_Type_vector(units / block, block, layout->stride, base, &made); break;
    case RESIZED: MPI_Type_create_resized(base, 0, (MPI_Aint)layout->stride * unit, &made); *count = units; break;
    case INDEXED: {
        MPI_Aint places[2] = {(MPI_Aint)(rest + gap) * unit, 0};
        MPI_Type_create_hindexed(2, lengths, places, base, &made);
        break;
    }
    case STRUCT: {
        MPI_Aint places[2] = {0, (MPI_Aint)(block + gap) * unit};
        MPI_Datatype types[2] = {base, base};
        MPI_Type_create_struct(2, lengths, places, types, &made);
        break;
    }
    case SUBARRAY: {
        int sizes[2] = {units / block, layout->stride}, parts[2] = {units / block, block}, starts[2] = {0, gap};
        MPI_Type_create_subarray(2, sizes, parts, starts, MPI_ORDER_C, base, &made);
        break;
    }
    default: break;
    }
    MPI_Type_commit(&made);
    return made;
}

unsigned char *filled(const struct layout *layout, int units, int unit, uint64_t id, unsigned char mark, size_t room) {
    unsigned char *memory = malloc(room + 1);
    CHECK(memory);
    memset(memory, mark, room + 1);
    for (int at = 0; at < units; at++) {
        uint64_t word = value(id, at);
        memcpy(memory + place(layout, units, at) * unit, &word, unit);
    }
    return memory;
}
