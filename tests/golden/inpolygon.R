# Rscript tests/golden/inpolygon.R > tests/golden/inpolygon.csv
# Polygons of every kind and points inside, outside, on edges and on vertices, judged by pracma::inpolygon(boundary = TRUE).
library(pracma)
set.seed(20)
cat("polygon,kind,x,y,inside\n")
number <- 0
emit <- function(xp, yp, x, y) {
  number <<- number + 1
  inside <- as.integer(inpolygon(x, y, xp, yp, boundary = TRUE))
  cat(sprintf("%d,vertex,%.17g,%.17g,-1\n", number, xp, yp), sep = "")
  cat(sprintf("%d,point,%.17g,%.17g,%d\n", number, x, y, inside), sep = "")
}
grid_of <- function(xp, yp, step = 1) {
  g <- expand.grid(x = seq(floor(min(xp)) - step, ceiling(max(xp)) + step, by = step),
                   y = seq(floor(min(yp)) - step, ceiling(max(yp)) + step, by = step))
  list(x = g$x, y = g$y)
}
# Grid points, vertices, and points at k/8 of every edge (exact for whole vertices, rounded for others).
try_all <- function(xp, yp, step = 1) {
  g <- grid_of(xp, yp, step)
  x2 <- c(xp[-1], xp[1]); y2 <- c(yp[-1], yp[1])
  on_x <- as.vector(outer(1:7 / 8, seq_along(xp), function(t, i) xp[i] + t * (x2[i] - xp[i])))
  on_y <- as.vector(outer(1:7 / 8, seq_along(xp), function(t, i) yp[i] + t * (y2[i] - yp[i])))
  emit(xp, yp, c(g$x, xp, on_x), c(g$y, yp, on_y))
  emit(rev(xp), rev(yp), c(g$x, xp, on_x), c(g$y, yp, on_y))
}
try_all(c(0, 4, 4, 0), c(0, 0, 4, 4))                          # square
try_all(c(0, 8, 3), c(0, 2, 7))                                # triangle
try_all(c(0, 6, 6, 2, 2, 0), c(0, 0, 2, 2, 6, 6))              # L
try_all(c(0, 8, 8, 6, 6, 4, 4, 2, 2, 0), c(0, 0, 8, 8, 2, 2, 8, 8, 2, 2))  # teeth
try_all(c(0, 4, 0, 4), c(0, 4, 4, 0))                          # bow tie
try_all(c(0, 4, 4, 0, 0), c(0, 0, 4, 4, 0))                    # closed by itself
try_all(c(0, 2, 4, 4, 2, 0), c(0, 0, 0, 4, 4, 4))              # corners in the middle of edges
try_all(c(0, 4, 2, 4, 0), c(0, 0, 2, 4, 4))                    # notch that touches the centre line
try_all(c(5, 8, 9, 6, 1, 0, 2), c(0, 2, 6, 9, 8, 4, 1))        # round, whole numbers
for (i in 1:8) {                                               # stars, any doubles
  n <- sample(5:13, 1)
  a <- sort(runif(n, 0, 2 * pi)); r <- runif(n, 2, 6)
  try_all(6 + r * cos(a), 6 + r * sin(a), 0.75)
}
for (i in 1:6) {                                               # outlines in micrometres, four decimals, to pixels
  n <- 13
  a <- sort(runif(n, 0, 2 * pi)); r <- runif(n, 1, 2)
  x <- round(1000 + r * cos(a), 4); y <- round(2000 + r * sin(a), 4)
  if (i > 3) { x <- round(x / 0.2125) * 0.2125; y <- round(y / 0.2125) * 0.2125 }
  try_all((x - min(x)) / 0.2125, (y - min(y)) / 0.2125)
}
