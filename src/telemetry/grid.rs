//! One cell for each combination of labels' values, found by their places instead of their names: a
//! place outside the grid has no cell, so no series can come into being.

/// Cells in `N` dimensions.
#[derive(Debug)]
pub struct Grid<T, const N: usize> {
    sizes: [usize; N],
    cells: Box<[T]>,
}

impl<T, const N: usize> Grid<T, N> {
    /// A grid of these sizes, whose cells `make` makes.
    #[must_use]
    pub fn new(sizes: [usize; N], make: impl FnMut() -> T) -> Self {
        let count = sizes.iter().product();
        Self { sizes, cells: std::iter::repeat_with(make).take(count).collect() }
    }

    /// The cell at a place; `None` outside.
    #[must_use]
    pub fn at(&self, place: [usize; N]) -> Option<&T> {
        let mut index = 0;
        for (at, size) in place.into_iter().zip(self.sizes) {
            if at >= size {
                return None;
            }
            index = index * size + at;
        }
        self.cells.get(index)
    }

    /// All cells with their places, the last dimension running fastest.
    pub fn iter(&self) -> impl Iterator<Item = ([usize; N], &T)> {
        self.cells.iter().enumerate().map(|(index, cell)| {
            let (mut rest, mut place) = (index, [0; N]);
            for (at, size) in place.iter_mut().zip(self.sizes).rev() {
                (*at, rest) = (rest % size, rest / size);
            }
            (place, cell)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_a_cell_of_its_own_and_no_other_place_has_any() {
        let mut next = 0;
        let grid = Grid::new([2, 3, 4], || {
            next += 1;
            next
        });
        let mut seen = std::collections::BTreeSet::new();
        for (place, cell) in grid.iter() {
            assert_eq!(grid.at(place), Some(cell));
            assert!(seen.insert((place, *cell)));
        }
        assert_eq!(seen.len(), 24);
        for outside in [[2, 0, 0], [0, 3, 0], [0, 0, 4]] {
            assert_eq!(grid.at(outside), None);
        }
    }
}
