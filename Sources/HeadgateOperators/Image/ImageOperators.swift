import HeadgateTensors

/// The operators on images and other sampled grids: sizes, coordinates, regions and boxes.
package enum ImageOperators {
  package static let table: [OperatorDefinition] =
    Resizing.table + GridSampling.table + Regions.table + Boxes.table + Centering.table + ImageDecoding.table
}
